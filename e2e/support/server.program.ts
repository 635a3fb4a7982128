/** node server.ts PORT [NAME]: copied into projects as server.ts. Logs as the servers inside tests do, and knows nothing of portslice. */
import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';

const port = Number(process.argv[2]);
const name = process.argv[3] ?? 'a server';

function log(event: 'listening' | 'closed'): void {
  const entry = { event, port, pid: process.pid, worker: -1, text: name };
  appendFileSync(process.env['INSIDE_LOG'] as string, `${JSON.stringify(entry)}\n`);
}

const server = createServer((request, response) => {
  console.log(`${name} is asked for ${request.url}`);
  if (request.url === '/die') {
    console.error('it was told to die');
    process.exit(7);
  }
  response.setHeader('content-type', 'text/html');
  response.end(`<h1>${name} on ${port}</h1>`);
});
server.listen(port, () => {
  log('listening');
  console.log(`${name} listens on ${port}`);
});

// A child in a session of its own, whose end nobody waits for.
if (name === 'a family') spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' }).unref();

process.once('SIGTERM', () => {
  console.log(`${name} ends`);
  log('closed');
  process.exit(0);
});
