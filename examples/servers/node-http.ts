/** Node's http, in a process of its own. */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { StartServerOptions } from 'portslice';
import { makeServerFolder } from './server-folder.ts';

const program = fileURLToPath(new URL('node-http.program.ts', import.meta.url));

/** Every page has `heading` as its heading, and below it the path that was asked for. */
export function nodeHttp(heading = 'Hello from Node'): StartServerOptions {
  const log = path.join(makeServerFolder('node'), 'server.log');
  return { command: [process.execPath, program, '{port}', log, heading] };
}
