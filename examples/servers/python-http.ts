/** Python's http.server. */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TCPPortOwner } from 'portslice';
import { programPath } from './installed.ts';
import { makeServerFolder, type Server, startServer } from './server.ts';

const program = fileURLToPath(new URL('python_http.py', import.meta.url));

/** Every page is the text. */
export function startPythonHttp(port: TCPPortOwner, text = 'Hello from Python'): Promise<Server> {
  const folder = makeServerFolder('python');
  const args = [program, String(port), path.join(folder, 'server.log'), text];
  return startServer(port, { program: programPath('python3'), args, folder });
}
