/** A stand-in for the helper that Docker has for each published port: it has the command line, and listens nowhere. */
import { type LiveProcess, startProcess } from './live-process.ts';

/** @param port that it leads to port 80 of 172.17.0.2 */
export function startDockerHelper(port: number, wrapper: readonly string[] = []): LiveProcess {
  const options = `-proto tcp -host-ip 0.0.0.0 -host-port ${port} -container-ip 172.17.0.2 -container-port 80`;
  return startProcess([
    ...wrapper,
    'bash',
    '-c',
    `exec -a /usr/bin/docker-proxy ${process.execPath} -e 'setInterval(() => {}, 60000)' -- ${options}`,
  ]);
}
