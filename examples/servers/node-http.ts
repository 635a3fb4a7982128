/** Node's http, in a process of its own. */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TCPPortOwner } from 'portslice';
import { makeServerFolder, type Server, startServer } from './server.ts';

const program = fileURLToPath(new URL('node-http.program.ts', import.meta.url));

/** Every page has `heading` as its heading, and below it the path that was asked for. */
export function startNodeHttp(port: TCPPortOwner, heading = 'Hello from Node'): Promise<Server> {
  const folder = makeServerFolder('node');
  const args = [program, String(port), path.join(folder, 'server.log'), heading];
  return startServer(port, { program: process.execPath, args, folder });
}
