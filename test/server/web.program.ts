/**
 * A web server as a test wants it: `web.program.ts <port>`, or the one of PORT. It answers with JSON of itself, and at /health with 503 for
 * as long as HEALTHY_AFTER_MS says.
 */
import http from 'node:http';

const port = Number(process.argv[2] ?? process.env['PORT']);
const { LISTEN_AFTER_MS = '0', HEALTHY_AFTER_MS = '0', STUBBORN, HOST } = process.env;
const startMs = performance.now();

if (STUBBORN !== undefined) process.on('SIGTERM', () => console.log('no'));

const server = http.createServer((request, response) => {
  const isHealthy = performance.now() - startMs >= Number(HEALTHY_AFTER_MS);
  response.statusCode = request.url === '/health' && !isHealthy ? 503 : 200;
  response.end(JSON.stringify({ pid: process.pid, port, args: process.argv.slice(2), cwd: process.cwd() }));
});
setTimeout(() => {
  server.listen({ port, ...(HOST === undefined ? {} : { host: HOST }) }, () => {
    console.log(`listening on ${port}`);
  });
}, Number(LISTEN_AFTER_MS));
