/** node node-http.program.ts PORT LOG HEADING: an ordinary server, which knows nothing of portslice. */
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';

const [port, log, heading] = process.argv.slice(2) as [string, string, string];

const server = createServer((request, response) => {
  response.setHeader('content-type', 'text/html; charset=utf-8');
  response.end(`<h1>${heading}</h1><p>${request.url}</p>`);
});
server.once('listening', () => note('bound'));
server.once('error', (error: NodeJS.ErrnoException) => {
  note(error.code ?? error.message);
  process.exitCode = 1;
});
process.once('SIGTERM', () => {
  note('closing');
  server.close();
  server.closeAllConnections();
});
server.listen(Number(port));

/** What happens to the port, and when. */
function note(event: string): void {
  appendFileSync(log, `${JSON.stringify({ event, port: Number(port), atMs: Date.now() })}\n`);
}
