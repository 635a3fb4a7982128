/** Two workers of Node's cluster that listen on the port of the command line; each says so. */
import cluster from 'node:cluster';
import http from 'node:http';

const WORKERS = 2;

if (cluster.isPrimary) {
  for (let worker = 0; worker < WORKERS; worker++) cluster.fork();
  let listening = 0;
  cluster.on('listening', () => {
    if (++listening === WORKERS) process.stdout.write('listening\n');
  });
  process.on('SIGTERM', () => process.exit());
} else {
  http.createServer((_, response) => response.end('cluster')).listen(Number(process.argv[2]));
}
