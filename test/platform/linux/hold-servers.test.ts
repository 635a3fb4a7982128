/** Real servers that know nothing of portslice, in processes of their own, on a port that this process holds. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { platform } from '../../../src/platform/platform.ts';
import { cleanEnvironment } from '../../support/environment.ts';
import { NOBODY, startPeer } from '../../support/kernel-peer.ts';
import { serverCommand } from '../../support/listening-server.ts';
import { needProgram, needRoot } from '../../support/needs.ts';
import { reserveQuietPorts } from '../../support/quiet-ports.ts';
import { until } from '../../support/until.ts';
import { EVERYWHERE, WAYS } from '../conformance/holds.ts';

const kernel = platform.openKernel();

/** A port that this process holds, by either function. */
async function holdPort(way: (typeof WAYS)[number]): Promise<{ readonly port: number } & AsyncDisposable> {
  const ports = await reserveQuietPorts();
  const port = ports.next();
  const hold = kernel[way](port, EVERYWHERE);
  if (hold === undefined) throw new Error(`Port ${port} is in use.`);
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      kernel.closeDescriptors(hold.descriptors);
      await ports[Symbol.asyncDispose]();
    },
  };
}

interface RunningServer extends AsyncDisposable {
  readonly process: ChildProcess;
  readonly output: () => string;
}

/** Ends with SIGTERM, so that a server can end the processes that it has started itself. */
function run(command: readonly string[], options: { userId?: number } = {}): RunningServer {
  const [program, ...args] = command as [string, ...string[]];
  const child = spawn(program, args, {
    env: cleanEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.userId === undefined ? {} : { uid: options.userId, gid: options.userId, cwd: '/' }),
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  };
  return { process: child, output: () => output, [Symbol.asyncDispose]: stop };
}

/** What the server answers, or the code of the error. */
async function talk(port: number, request: string, host = '127.0.0.1'): Promise<string> {
  const socket = net.connect({ port, host }).setEncoding('latin1');
  let answer = '';
  socket.on('data', (chunk) => (answer += String(chunk)));
  socket.on('connect', () => socket.end(request));
  try {
    await once(socket, 'close');
    return answer;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'no code';
  }
}

const GET = 'GET / HTTP/1.0\r\n\r\n';

async function answers(
  server: RunningServer,
  port: number,
  request: string,
  answer: RegExp,
  host?: string,
): Promise<void> {
  let last = '';
  await until(`an answer like ${answer.source}`, async () => {
    if (server.process.exitCode !== null) throw new Error(`The server has ended: ${server.output()}`);
    last = await talk(port, request, host);
    return answer.test(last);
  });
}

interface Serving {
  readonly request?: string;
  readonly answer?: RegExp;
  readonly hosts?: readonly string[];
  readonly userId?: number;
  readonly during?: (server: RunningServer, port: number) => Promise<void>;
}

/** The server listens, the hold is still there, and when the server has ended the port is as before. */
async function expectServed(
  command: (port: number) => readonly string[],
  { request = GET, answer = /^HTTP\/1\.[01] 200/, hosts = ['127.0.0.1'], ...options }: Serving = {},
): Promise<void> {
  for (const way of WAYS) await expectServedOver(way, command, { request, answer, hosts, ...options });
}

async function expectServedOver(
  way: (typeof WAYS)[number],
  command: (port: number) => readonly string[],
  { request, answer, hosts, ...options }: Required<Pick<Serving, 'request' | 'answer' | 'hosts'>> & Serving,
): Promise<void> {
  await using held = await holdPort(way);
  {
    await using server = run(command(held.port), options);
    for (const host of hosts) await answers(server, held.port, request, answer, host);
    expect(kernel.somethingListens(held.port, 'everywhere')).toBe(true);
    expect(platform.findListeners(held.port)?.map(({ processId }) => processId)).toContain(
      server.process.pid,
    );
    await options.during?.(server, held.port);
  }
  // Whoever closes first leaves the connection in TIME_WAIT, which a server without SO_REUSEADDR shares with nobody.
  await until(
    'the end of the server',
    () => !kernel.somethingListens(held.port, 'everywhere') || platform.isOnlyInTimeWait(held.port),
  );
  expect(await talk(held.port, GET)).toBe('ECONNREFUSED');
}

test.each(WAYS)("Node's net listens on a port held by %s, on every host", async (way) => {
  for (const host of [undefined, '127.0.0.1', '::1', '::', '0.0.0.0', 'localhost']) {
    await using held = await holdPort(way);
    await using server = run(serverCommand(held.port, host));
    await until('the server', () => server.output() === 'listening\n');
    expect(kernel.somethingListens(held.port, 'everywhere')).toBe(true);
  }
});

test.for(WAYS)("Another user's Node listens on a port held by %s", async (way, context) => {
  needRoot(context);
  await using peer = await startPeer({ userId: NOBODY });
  for (const options of [{}, { host: '127.0.0.1' }, { host: '::', ipv6Only: true }, { exclusive: true }]) {
    await using held = await holdPort(way);
    expect(await peer.tell.listen({ ...options, port: held.port })).toBe(held.port);
    await peer.tell.closeServers();
  }
});

test("Two workers of Node's cluster listen on a held port", async () => {
  const program = fileURLToPath(new URL('cluster.program.ts', import.meta.url));
  await expectServed((port) => [process.execPath, program, String(port)], { answer: /cluster$/ });
});

test("Python's http.server listens on a held port", async (context) => {
  const python = needProgram(context, 'python3');
  await expectServed((port) => [python, '-m', 'http.server', String(port), '--bind', '127.0.0.1']);
});

/** As uWebSockets does: SO_REUSEPORT, and not SO_REUSEADDR. */
const REUSE_PORT_ONLY = `
import http.server, socket, sys
class Server(http.server.ThreadingHTTPServer):
    allow_reuse_address = False
    address_family = socket.AF_INET6 if ":" in sys.argv[2] else socket.AF_INET
    def server_bind(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        super().server_bind()
Server((sys.argv[2], int(sys.argv[1])), http.server.SimpleHTTPRequestHandler).serve_forever()`;

test.for(['127.0.0.1', '::1', '0.0.0.0'])(
  'A server that sets SO_REUSEPORT alone listens on a held port, on %s',
  async (host, context) => {
    const python = needProgram(context, 'python3');
    const hosts = [host === '0.0.0.0' ? '127.0.0.1' : host];
    await expectServed((port) => [python, '-c', REUSE_PORT_ONLY, String(port), host], { hosts });
  },
);

test("Another user's Python http.server listens on a held port", async (context) => {
  needRoot(context);
  const python = needProgram(context, 'python3');
  // It changes its user itself, because Python may be installed where the other user cannot go.
  const code = `
import encodings.idna, http.server, os, sys
os.setgroups([]); os.setgid(${NOBODY}); os.setuid(${NOBODY})
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), http.server.SimpleHTTPRequestHandler).serve_forever()`;
  await expectServed((port) => [python, '-c', code, String(port)], { answer: /^HTTP\/1.0 / });
});

test('redis listens on a held port, as another user too', async (context) => {
  const redis = needProgram(context, 'redis-server');
  const options = ['--bind', '127.0.0.1', '::1', '--save', '', '--appendonly', 'no', '--dir', '/'];
  const command = (port: number): readonly string[] => [redis, '--port', String(port), ...options];
  const ping = { request: 'PING\r\n', answer: /^\+PONG/, hosts: ['127.0.0.1', '::1'] };
  await expectServed(command, ping);
  if (process.getuid?.() === 0) await expectServed(command, { ...ping, userId: NOBODY });
});

/** A folder with a configuration of nginx. */
function nginxFolder(listen: readonly string[]): { readonly folder: string } & Disposable {
  const folder = mkdtempSync(path.join(tmpdir(), 'portslice-nginx-'));
  mkdirSync(path.join(folder, 'logs'));
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${kind};`,
  );
  const server = [...listen.map((arguments_) => `listen ${arguments_};`), 'location / { return 200 ok; }'];
  const http = ['access_log off;', ...temporary, `server { ${server.join(' ')} }`];
  const configuration = ['pid nginx.pid;', 'worker_processes 2;', 'events {}', `http { ${http.join(' ')} }`];
  writeFileSync(path.join(folder, 'nginx.conf'), configuration.join('\n'));
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}

test.for([
  { name: 'listen and listen [::]', listen: (port: number) => [`${port}`, `[::]:${port}`] },
  { name: 'reuseport', listen: (port: number) => [`${port} reuseport`, `[::]:${port} reuseport`] },
  { name: 'a dual-stack listen', listen: (port: number) => [`[::]:${port} ipv6only=off`] },
])(
  'nginx with $name listens on a held port, and again when it is told to reload',
  async ({ listen }, context) => {
    const nginx = needProgram(context, 'nginx');
    using folders = new DisposableStack();
    const command = (port: number): readonly string[] => {
      const { folder } = folders.use(nginxFolder(listen(port)));
      return [nginx, '-p', folder, '-c', 'nginx.conf', '-e', 'stderr', '-g', 'daemon off;'];
    };
    await expectServed(command, {
      hosts: ['127.0.0.1', '::1'],
      during: async (server, port) => {
        await until('both workers are there', () => workersOf(server, port).length === 2);
        const before = workersOf(server, port);
        server.process.kill('SIGHUP');
        await until('new workers in place of all the old', () => {
          const now = workersOf(server, port);
          return now.length === before.length && now.every((worker) => !before.includes(worker));
        });
        for (const host of ['127.0.0.1', '::1'])
          expect(await talk(port, GET, host)).toMatch(/^HTTP\/1.1 200/);
        expect(server.output()).not.toMatch(/\[(emerg|alert|crit)\]/);
      },
    });
  },
);

function workersOf(master: RunningServer, port: number): number[] {
  const listeners = (platform.findListeners(port) ?? []).map(({ processId }) => processId as number);
  return listeners.filter((listener) => listener !== master.process.pid);
}
