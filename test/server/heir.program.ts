/**
 * A server on the descriptor that its arguments name. It answers with what it knows of itself. LISTEN_AFTER_MS: it takes its time;
 * WORKERS: as many processes of a cluster.
 */
import cluster from 'node:cluster';
import { readdirSync } from 'node:fs';
import http from 'node:http';

const fd = Number(process.argv[2]);
const { LISTEN_AFTER_MS = '0', WORKERS = '0' } = process.env;
const descriptors = readdirSync('/proc/self/fd').map(Number);

if (cluster.isPrimary && WORKERS !== '0') for (let i = 0; i < Number(WORKERS); i++) cluster.fork();
else setTimeout(listen, Number(LISTEN_AFTER_MS));

function listen(): void {
  const { LISTEN_FDS, LISTEN_PID } = process.env;
  const facts = {
    pid: process.pid,
    listenFds: LISTEN_FDS,
    isForUs: LISTEN_PID === String(process.pid),
    hasDescriptor: descriptors.includes(fd),
  };
  http
    .createServer((_, response) => response.end(JSON.stringify(facts)))
    .listen({ fd }, () => console.log('listening'));
}
