/** Servers that are given a socket which listens already, and servers that do not take it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test, type TestContext } from 'vitest';
import {
  ForeignListenerError,
  InvalidOptionError,
  ServerHandOverError,
  startServer,
  type StartServerOptions,
} from '../../src/index.ts';
import { readListeningSockets } from '../../src/platform/linux/listeners.ts';
import { listSockets } from '../../src/platform/linux/proc.ts';
import { errorOf } from '../support/catch-error.ts';
import { listenersGuardEveryAddress } from '../support/kernel-traits.ts';
import { listen } from '../support/listening-server.ts';
import { needProgram } from '../support/needs.ts';
import { openTestPool } from '../support/test-pool.ts';
import { until } from '../support/until.ts';
import { collectWarnings } from '../support/warnings.ts';
import { isListenedOn, isRunning, WEB } from './web.ts';

const HEIR = [process.execPath, fileURLToPath(new URL('heir.program.ts', import.meta.url)), '{fd}'];
const SLOW = { LISTEN_AFTER_MS: '300' };

interface HeirAnswer {
  readonly pid: number;
  readonly listenFds: string;
  readonly isForUs: boolean;
  readonly hasDescriptor: boolean;
}

async function text(port: number): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } });
  return response.text();
}

async function ask(port: number): Promise<HeirAnswer> {
  return JSON.parse(await text(port)) as HeirAnswer;
}

/** @returns the error's code, or 'connected' */
async function connect(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: '127.0.0.1', port });
    socket
      .once('connect', () => resolve('connected'))
      .once('error', ({ code }: NodeJS.ErrnoException) => resolve(String(code)));
    socket.once('connect', () => socket.destroy());
  });
}

/** Connects without a pause until it is told to end. */
class Knocking {
  readonly #port: number;
  readonly #outcomes: string[] = [];
  readonly #done: Promise<void>;
  #isOver = false;

  constructor(port: number) {
    this.#port = port;
    this.#done = this.#knock();
  }

  async #knock(): Promise<void> {
    while (!this.#isOver) this.#outcomes.push(await connect(this.#port));
  }

  /** What came of them from the first one on that was let in. */
  async end(): Promise<Set<string>> {
    this.#isOver = true;
    await this.#done;
    const first = this.#outcomes.indexOf('connected');
    return new Set(first === -1 ? this.#outcomes : this.#outcomes.slice(first));
  }
}

describe('A server that is given a listening socket', () => {
  test('has it as descriptor 3, is told so, and is ready when it takes connections', async () => {
    await using _opened = await openTestPool(1);
    await using server = await startServer({ command: HEIR, listen: 'inherit', env: SLOW });
    // What it writes can be on its way still.
    await expect.poll(() => server.output()).toBe('listening\n');
    expect(await ask(server.port)).toEqual({
      pid: server.pid,
      listenFds: '1',
      isForUs: true,
      hasDescriptor: true,
    });
  });

  test('refuses no connection from the moment on that it is started', async () => {
    await using opened = await openTestPool(1);
    const knocking = new Knocking(opened.ports[0] as number);
    await using server = await startServer({ command: HEIR, listen: 'inherit', env: SLOW });
    expect(await ask(server.port)).toMatchObject({ pid: server.pid });
    expect(await knocking.end()).toEqual(new Set(['connected']));
  });

  test('refuses connections as soon as it has ended by itself', async () => {
    await using _opened = await openTestPool(1);
    for (const keepListening of [false, true]) {
      await using server = await startServer({ command: HEIR, listen: 'inherit', keepListening });
      process.kill(server.pid as number, 'SIGKILL');
      await server.exited;
      await until('it is refused', async () => (await connect(server.port)) === 'ECONNREFUSED');
      expect(isListenedOn(server.port)).toBe(false);
    }
  });

  test('has the socket for itself, unless it is kept for the next one', async () => {
    await using _opened = await openTestPool(1);
    for (const keepListening of [false, true]) {
      await using server = await startServer({ command: HEIR, listen: 'inherit', keepListening });
      const [socket] = (readListeningSockets() ?? []).filter(({ port }) => port === server.port);
      expect(listSockets(server.pid as number)).toContain(socket?.socketId);
      expect(listSockets(process.pid).includes(socket?.socketId as string)).toBe(keepListening);
    }
  });

  test('leaves a free port when it is stopped, and nothing to warn of', async () => {
    using warnings = collectWarnings();
    await using opened = await openTestPool(1);
    for (const keepListening of [false, true]) {
      const server = await startServer({ command: HEIR, listen: 'inherit', keepListening });
      await server.stop();
      expect(isRunning(server.pid as number)).toBe(false);
      expect(isListenedOn(server.port)).toBe(false);
      expect(opened.pool.stats()).toMatchObject({ currentlyAllocatedPorts: 0 });
    }
    expect(await warnings.withCode('PORTSLICE_LEAK')).toEqual([]);
  });

  test('is given a new one at each restart', async () => {
    await using _opened = await openTestPool(1);
    await using server = await startServer({ command: HEIR, listen: 'inherit' });
    const first = server.pid;
    await server.restart();
    expect(server.pid).not.toBe(first);
    expect(await ask(server.port)).toMatchObject({ pid: server.pid, isForUs: true });
  });

  test('refuses no connection during a restart if it is to keep listening', async () => {
    await using _opened = await openTestPool(1);
    await using server = await startServer({
      command: HEIR,
      listen: 'inherit',
      keepListening: true,
      env: SLOW,
    });
    const knocking = new Knocking(server.port);
    for (let restarts = 0; restarts < 3; restarts++) {
      await server.restart();
      expect(await ask(server.port)).toMatchObject({ pid: server.pid, isForUs: true });
    }
    expect(await knocking.end()).toEqual(new Set(['connected']));
  });

  test('can wait for connections in another way than the one before it', async (context) => {
    const python = needProgram(context, 'python3');
    const folder = mkdtempSync(path.join(tmpdir(), 'portslice-heir-'));
    await using _opened = await openTestPool(1);
    // Node changes the socket so that accept() does not wait, of which the next one knows nothing.
    const node = HEIR.map((part) => `'${part}'`).join(' ');
    const command = `if mkdir first; then exec ${node}; else exec '${python}' -c "$CODE" {fd}; fi`;
    const options = { command, env: { CODE: WAITING_SERVER }, cwd: folder, keepListening: true } as const;
    try {
      await using server = await startServer({ ...options, listen: 'inherit' });
      expect(await ask(server.port)).toMatchObject({ pid: server.pid });
      await server.restart();
      expect(await text(server.port)).toBe('waited');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('keeps strangers out while it is started', async () => {
    await using opened = await openTestPool(1);
    const port = opened.ports[0] as number;
    const start = startServer({ command: HEIR, listen: 'inherit', env: SLOW });
    await until('the port listens', async () => (await connect(port)) === 'connected');
    const host = listenersGuardEveryAddress ? '127.0.0.1' : '::';
    await expect(listen({ port, host })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await using server = await start;
    expect(await ask(port)).toMatchObject({ pid: server.pid });
  });

  test('listens on the hosts of its port, and other ports are its own business', async () => {
    await using _opened = await openTestPool(2);
    await using server = await startServer({
      command: [...HEIR, '{port:admin}'],
      listen: 'inherit',
      hosts: ['127.0.0.1'],
      ready: '/',
    });
    expect(server.url()).toBe(`http://127.0.0.1:${server.port}`);
    expect(await ask(server.port)).toMatchObject({ pid: server.pid });
    await expect(fetch(`http://[::1]:${server.port}/`)).rejects.toThrow('fetch failed');
    expect(Object.keys(server.ports)).toEqual(['port', 'admin']);
  });

  test('can be a line for the shell that becomes the server', async () => {
    await using _opened = await openTestPool(1);
    const command = `exec ${HEIR.map((part) => `'${part}'`).join(' ')}`;
    await using server = await startServer({ command, listen: 'inherit' });
    expect(await ask(server.port)).toMatchObject({ pid: server.pid, isForUs: true });
  });

  test('is not started where somebody listens on its port', async () => {
    await using opened = await openTestPool(1);
    const port = opened.ports[0] as number;
    await using server = await startServer({ command: HEIR, listen: 'inherit', hosts: ['127.0.0.1'] });
    process.kill(server.pid as number, 'SIGKILL');
    await server.exited;
    await using _stranger = await listenSoon(port);
    const error = await errorOf(ForeignListenerError, () => server.restart());
    expect(error.processId).toBe(process.pid);
  });
});

/** As soon as nothing of an earlier server is in the way. */
async function listenSoon(port: number): Promise<AsyncDisposable> {
  for (;;) {
    try {
      return await listen({ port, host: '127.0.0.1' });
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

const WAITING_SERVER = `
import socket, sys
server = socket.socket(fileno=int(sys.argv[1]))
while True:
    client, _ = server.accept()
    client.recv(1000)
    client.sendall(b"HTTP/1.0 200 OK\\r\\n\\r\\nwaited")
    client.close()`;
const PYTHON_SERVER = `
import http.server, socket, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"python")
server = http.server.HTTPServer(("", 0), Handler, bind_and_activate=False)
server.socket = socket.socket(fileno=int(sys.argv[1]))
server.serve_forever()`;
const ASGI_APPLICATION = `
async def app(scope, receive, send):
    if scope["type"] != "http": return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"uvicorn"})
def wsgi(environ, start):
    start("200 OK", []); return [b"gunicorn"]`;

type Kind = (context: TestContext, folder: string) => Omit<StartServerOptions, 'listen'>;

const KINDS: Readonly<Record<string, { readonly answer: RegExp; readonly options: Kind }>> = {
  'a cluster of Node': {
    answer: /"listenFds":"1"/,
    options: () => ({ command: HEIR, env: { WORKERS: '2' } }),
  },
  'http.server of Python': {
    answer: /^python$/,
    options: (context) => ({ command: [needProgram(context, 'python3'), '-c', PYTHON_SERVER, '{fd}'] }),
  },
  uvicorn: {
    answer: /^uvicorn$/,
    options: (context, cwd) => ({
      command: [needProgram(context, 'uvicorn'), 'app:app', '--fd', '{fd}'],
      cwd,
    }),
  },
  'gunicorn, by LISTEN_FDS and LISTEN_PID': {
    answer: /^gunicorn$/,
    options: (context, cwd) => ({ command: [needProgram(context, 'gunicorn'), 'app:wsgi', '-w', '2'], cwd }),
  },
  'gunicorn, by its bind option': {
    answer: /^gunicorn$/,
    options: (context, cwd) => ({
      command: [needProgram(context, 'gunicorn'), 'app:wsgi', '-b', 'fd://{fd}'],
      env: { LISTEN_FDS: undefined },
      cwd,
    }),
  },
  haproxy: {
    answer: /^haproxy$/,
    options: (context, folder) => {
      const file = path.join(folder, 'haproxy.cfg');
      writeFileSync(file, HAPROXY);
      return { command: [needProgram(context, 'haproxy'), '-db', '-f', file] };
    },
  },
  nginx: {
    answer: /^nginx$/,
    // Its configuration has to name exactly the address that the socket has.
    options: (context, folder) => ({
      command: `printf '%s' "$CONFIGURATION" > nginx.conf; exec '${needProgram(context, 'nginx')}' -p . -c nginx.conf`,
      env: { NGINX: '{fd};', CONFIGURATION: nginxConfiguration(folder) },
      hosts: ['127.0.0.1'],
      cwd: folder,
    }),
  },
};

const HAPROXY = `
defaults
  mode http
  timeout client 5s
  timeout connect 5s
  timeout server 5s
frontend f
  bind fd@3
  http-request return status 200 content-type text/plain string haproxy
`;

const nginxConfiguration = (folder: string): string => `
  daemon off; worker_processes 2; pid ${folder}/pid; error_log ${folder}/error.log;
  events { worker_connections 64; }
  http { access_log off; server { listen 127.0.0.1:{port}; return 200 "nginx"; } }`;

describe.each(Object.entries(KINDS))('A socket handed over to %s', (_, { answer, options }) => {
  test('is served, also after a restart with clients that wait, and is gone at the end', async (context) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'portslice-heir-'));
    try {
      writeFileSync(path.join(folder, 'app.py'), ASGI_APPLICATION);
      const kind = options(context, folder);
      await using _opened = await openTestPool(1);
      await using server = await startServer({ ...kind, listen: 'inherit', keepListening: true });
      expect(await text(server.port)).toMatch(answer);
      const restarted = server.restart();
      const waiting = until('an answer comes', async () =>
        answer.test(await text(server.port).catch(String)),
      );
      await restarted;
      await waiting;
      expect(await text(server.port)).toMatch(answer);
      await server.stop();
      expect(isListenedOn(server.port)).toBe(false);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('A server that does not take the socket', () => {
  test('is told to listen by itself if it says that its port is in use', async () => {
    await using opened = await openTestPool(1);
    const error = await errorOf(ServerHandOverError, () => startServer({ command: WEB, listen: 'inherit' }));
    expect(error.message).toContain(
      `it says that port ${opened.ports[0]} is in use, so it listens by itself`,
    );
    expect(error.message).toContain('descriptor 3 ({fd}, LISTEN_FDS)');
    expect(error.output).toContain('EADDRINUSE');
    expect(opened.pool.stats()).toMatchObject({ currentlyAllocatedPorts: 0 });
  });

  test('is told so if it listens on another address of the port', async () => {
    await using _opened = await openTestPool(1);
    const options = { command: WEB, listen: 'inherit', hosts: ['127.0.0.1'], env: { HOST: '::1' } } as const;
    const error = await errorOf(ServerHandOverError, () => startServer(options));
    expect(error.message).toContain('it has opened a socket of its own');
  });

  test('is not taken for ready, though the kernel accepts connections for it', async () => {
    await using opened = await openTestPool(1);
    const options = { command: ['sleep', '600'], listen: 'inherit', readyTimeoutMs: 700 } as const;
    const start = errorOf(ServerHandOverError, () => startServer(options));
    await until('the port listens', async () => (await connect(opened.ports[0] as number)) === 'connected');
    expect((await start).message).toContain('it has accepted no connection on it within 700 ms');
    expect(opened.pool.stats()).toMatchObject({ currentlyAllocatedPorts: 0 });
  });
});

describe('An option that cannot be', () => {
  test.each<[command: string | readonly string[], loser: string]>([
    [['npm', 'start'], 'npm'],
    [['/usr/bin/npx', 'vite'], 'npx'],
    ['PORT=1 npm run dev', 'npm'],
    ['cd app && exec pnpm dev', 'pnpm'],
    [['node', '--run', 'start'], 'node --run'],
    [[process.execPath, '--enable-source-maps', '--watch', 'server.js'], 'node --watch'],
    ['node --watch-path=src server.js', 'node --watch-path=src'],
  ])('is inherit beside a command that loses descriptors: %j', async (command, loser) => {
    const error = await errorOf(InvalidOptionError, () => startServer({ command, listen: 'inherit' }));
    expect(error).toMatchObject({ option: 'command' });
    expect(error.message).toContain(`by '${loser}', which does not hand the socket`);
  });

  test('is none where a script has an option of that name, or a name only looks like one', async () => {
    await using _opened = await openTestPool(1);
    await using server = await startServer({ command: [...HEIR, '--watch', 'npm'], listen: 'inherit' });
    expect(await ask(server.port)).toMatchObject({ pid: server.pid });
  });

  test.each<[options: Partial<StartServerOptions>, option: string]>([
    [{ listen: 'inherit', command: (ports) => createServer().listen(ports['port']) }, 'listen'],
    [{ listen: 'inherit', launcher: true }, 'listen'],
    [{ listen: 'fd' as 'inherit' }, 'listen'],
    [{ keepListening: true }, 'keepListening'],
    [{ listen: 'inherit', keepListening: 1 as never }, 'keepListening'],
  ])('is told: %o', async (options, option) => {
    const error = await errorOf(InvalidOptionError, () => startServer({ command: HEIR, ...options }));
    expect(error.option).toBe(option);
  });
});
