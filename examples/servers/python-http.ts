/** Python's http.server. */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { StartServerOptions } from 'portslice';
import { programPath } from './installed.ts';
import { makeServerFolder } from './server-folder.ts';

const program = fileURLToPath(new URL('python_http.py', import.meta.url));

/** Every page is the text. */
export function pythonHttp(text = 'Hello from Python'): StartServerOptions {
  const log = path.join(makeServerFolder('python'), 'server.log');
  return { command: [programPath('python3'), program, '{port}', log, text] };
}
