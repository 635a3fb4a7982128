/** Servers for tests: in this process, or in one of their own. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { fileURLToPath } from 'node:url';
import { cleanEnvironment } from './environment.ts';
import { startProcess } from './live-process.ts';
import { closeServer } from './port-block.ts';

export interface LocalServer extends AsyncDisposable {
  close(): Promise<void>;
}

/** @throws the server's own error, EADDRINUSE say */
export async function listen(options: net.ListenOptions): Promise<LocalServer> {
  const server = net.createServer((socket) => socket.on('error', () => socket.destroy()));
  server.listen(options);
  await once(server, 'listening');
  const close = (): Promise<void> => (server.listening ? closeServer(server) : Promise.resolve());
  return { close, [Symbol.asyncDispose]: close };
}

/** The side that closes first has the connection in TIME_WAIT: here the server. */
export async function leaveTimeWait(port: number): Promise<void> {
  const server = net.createServer((socket) => socket.end()).listen(port);
  await once(server, 'listening');
  const client = net.connect(port, '127.0.0.1').resume();
  await once(client, 'close');
  await closeServer(server);
}

export interface ServerProcess extends AsyncDisposable {
  readonly pid: number;
  /** Kills it and waits for its end. */
  stop(): Promise<void>;
}

const program = fileURLToPath(new URL('listening-server.program.ts', import.meta.url));

export function serverCommand(port: number, host?: string): [command: string, ...args: string[]] {
  return [process.execPath, program, String(port), ...(host === undefined ? [] : [host])];
}

/** A server in a process of its own, listening. */
export async function startServer(port: number, host?: string): Promise<ServerProcess> {
  const { child, pid, kill } = startProcess(serverCommand(port, host), {
    env: cleanEnvironment(),
    stdout: 'pipe',
  });
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  return { pid, stop: kill, [Symbol.asyncDispose]: kill };
}

export async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
