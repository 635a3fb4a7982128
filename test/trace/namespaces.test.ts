/** What the trace says of each thing that portslice does: `DEBUG=portslice:*`. */
import { expect, test } from 'vitest';
import { reservePorts } from '../support/port-block.ts';
import { runToSuccess } from '../support/run-script.ts';
import { textsOf, traceLines } from '../support/trace-lines.ts';

/** @returns what the script wrote to stderr, which is nothing but lines of the trace, and the numbers that it printed */
async function traced(
  code: string,
  portCount: number,
  pattern = 'portslice:*',
): Promise<{ stderr: string; printed: number[]; ports: readonly number[] }> {
  await using block = await reservePorts(portCount);
  const { stdout, stderr } = await runToSuccess(code, {
    env: { PORTSLICE_PORTS: block.spec, DEBUG: pattern },
    nodeOptions: ['--no-warnings'],
  });
  return { stderr, printed: stdout.split(/\s+/).filter(Boolean).map(Number), ports: block.ports };
}

test('a claim has port, time, slice and label, and its release how long it was held', async () => {
  const { stderr, printed } = await traced(
    `
      import { TCPPortOwner } from './src/index.ts';
      const owner = new TCPPortOwner({ label: 'checkout > pays' });
      console.log(owner.port, process.pid);
      owner.cleanup();
      owner.cleanup();
    `,
    2,
  );
  const [port, pid] = printed;
  expect(textsOf('claim', stderr)).toEqual([`${port} claimed in N ms, slice 0, 'checkout > pays'`]);
  expect(textsOf('release', stderr)).toEqual([`${port} released after N ms, slice 0, 'checkout > pays'`]);
  expect(new Set(traceLines(stderr).map(({ who }) => who))).toEqual(new Set([String(pid)]));
});

test('a borrowed port has the slice that it is borrowed from', async () => {
  const { stderr } = await traced(
    `
      import { PortPool } from './src/index.ts';
      const pool = PortPool.create({ workers: 1 });
      const slice = pool.slice(1);
      for (let left = pool.ports.length; left > 0; left--) await slice.acquire();
      pool.close();
    `,
    20,
  );
  const claims = textsOf('claim', stderr);
  expect(claims).toHaveLength(20);
  expect(claims[0]).toMatch(/^\d+ claimed in N ms, slice 1$/);
  const origins = claims.map((text) => / slice 1, borrowed from slice (\d)$/.exec(text)?.[1]);
  expect(new Set(origins)).toEqual(new Set([undefined, '0', '2', '3']));
});

test('a pool has its ports, slices and run, in whoever makes it, attaches to it and closes it', async () => {
  const { stderr, printed } = await traced(
    `
      import { once } from 'node:events';
      import { Worker } from 'node:worker_threads';
      import { PortPool, TCPPortOwner } from './src/index.ts';
      console.log(process.pid);
      const pool = PortPool.create({ workers: 2 });
      process.env.PORTSLICE_POOL = pool.handle;
      const code = "import('./src/index.ts').then(({ TCPPortOwner }) => new TCPPortOwner())";
      await once(new Worker(code, { eval: true }), 'exit');
      pool.close();
    `,
    20,
    'portslice:pool',
  );
  const [pid] = printed;
  const lines = traceLines(stderr).map(({ who, text }) => `${who.replace(/\d+$/, '#')} ${text}`);
  const pool = `run # of pid ${pid}, 20 ports in 5 slices`;
  expect(lines.map((line) => line.replace(/run [0-9a-f]{8} /, 'run # '))).toEqual([
    `# created in N ms for 2 workers: ${pool}`,
    `${pid}/# attached in N ms: ${pool}`,
    `${pid}/# slice 0 is for this thread: ${pool}`,
    `# closed after N ms: ${pool}`,
  ]);
});

test('a wait says how long it may last, and then how long it was', async () => {
  const { stderr, ports } = await traced(
    `
      import { TCPPortOwner } from './src/index.ts';
      const owner = new TCPPortOwner({ label: 'has it' });
      const waiting = TCPPortOwner.acquire({ label: 'wants it', acquireTimeoutMs: 20_000 });
      await new Promise((resolve) => setImmediate(resolve));
      owner.cleanup();
      (await waiting).cleanup();
    `,
    1,
  );
  expect(textsOf('wait', stderr)).toEqual([
    "no port is free for slice 0, 'wants it': it waits up to N ms",
    `${ports[0]} came after N ms, slice 0, 'wants it'`,
  ]);
});

test('a wait in vain says so, too', async () => {
  const { stderr, ports } = await traced(
    `
      import { TCPPortOwner } from './src/index.ts';
      const owner = new TCPPortOwner();
      await TCPPortOwner.acquire({ label: 'late', acquireTimeoutMs: 1 }).catch(() => {});
      await TCPPortOwner.acquire({ label: 'ended', signal: AbortSignal.timeout(1) }).catch(() => {});
    `,
    1,
  );
  expect(ports).toHaveLength(1);
  expect(textsOf('wait', stderr)).toEqual([
    "no port is free for slice 0, 'late': it waits up to N ms",
    expect.stringMatching(/^no port came in N ms for slice 0, 'late': /),
    "no port is free for slice 0, 'ended': it waits up to N ms",
    "no port came in N ms for slice 0, 'ended': The operation was aborted due to timeout",
  ]);
});

test('a leak names who still listens, and the port is sealed until the pool ends', async () => {
  const { stderr, printed } = await traced(
    `
      import { once } from 'node:events';
      import { createServer } from 'node:net';
      import { PortPool } from './src/index.ts';
      const pool = PortPool.create();
      const owner = await pool.slice().acquire({ label: 'forgets' });
      console.log(owner.port, process.pid);
      const server = createServer().listen(owner);
      await once(server, 'listening');
      owner.cleanup();
      pool.close();
      server.close();
    `,
    1,
  );
  const [port, pid] = printed;
  expect(textsOf('release', stderr)).toEqual([
    `${port} sealed after N ms, slice 0, 'forgets': leaked, this test process itself (pid ${pid}) still listens`,
    `${port} no longer sealed, slice 0, 'forgets'`,
  ]);
});

test('what a terminated thread has left is closed, and what a dead process had is taken over', async () => {
  const { stderr, printed, ports } = await traced(
    `
      import { spawn } from 'node:child_process';
      import { once } from 'node:events';
      import { Worker } from 'node:worker_threads';
      import { PortPool, TCPPortOwner } from './src/index.ts';
      const pool = PortPool.create();
      process.env.PORTSLICE_POOL = pool.handle;
      const code = "import('./src/index.ts').then(({ TCPPortOwner }) => { new TCPPortOwner(); TELL(1); setInterval(() => {}, 1000); })";
      const thread = new Worker(code.replace('TELL', "process.getBuiltinModule('node:worker_threads').parentPort.postMessage"), { eval: true });
      await once(thread, 'message');
      await thread.terminate();
      (await TCPPortOwner.acquire()).cleanup();
      const child = spawn(process.execPath, ['-e', code.replace('TELL', 'console.log')], { stdio: ['ignore', 'pipe', 'inherit'] });
      await once(child.stdout, 'data');
      child.kill('SIGKILL');
      await once(child, 'exit');
      (await TCPPortOwner.acquire()).cleanup();
      console.log(process.pid, child.pid);
    `,
    1,
  );
  const [pid, child] = printed;
  expect(textsOf('orphan', stderr)).toEqual([
    expect.stringMatching(/^closed \d descriptors that terminated threads have left$/),
    `${ports[0]} is nobody's: pid ${pid}, which its record names, has no lock`,
    `${ports[0]} is nobody's: pid ${child}, which its record names, has no lock`,
  ]);
});

const SERVER = "require('node:net').createServer().listen(process.argv[1])";

test('a server is told of from its start over a restart to its stop', async () => {
  const { stderr, printed } = await traced(
    `
      import { startServer } from './src/index.ts';
      const server = await startServer({ command: [process.execPath, '-e', ${JSON.stringify(SERVER)}, '{port}'], label: 'shop' });
      console.log(server.port, server.pid);
      await server.restart();
      console.log(server.pid);
      await server.stop();
    `,
    2,
  );
  const [port, first, second] = printed;
  expect(textsOf('server', stderr)).toEqual([
    `${port} 'shop' (pid ${first}) has been started`,
    `${port} 'shop' (pid ${first}) is ready after N ms`,
    `${port} 'shop' (pid ${first}) is restarted`,
    `${port} 'shop' (pid ${first}) was stopped in N ms`,
    `${port} 'shop' (pid ${second}) has been started`,
    `${port} 'shop' (pid ${second}) is ready after N ms`,
    `${port} 'shop' (pid ${second}) was stopped in N ms`,
  ]);
});

test('a server that does not come up, one that dies and one that is killed are told of with the reason', async () => {
  const { stderr } = await traced(
    `
      import { startServer } from './src/index.ts';
      const listen = ${JSON.stringify(SERVER)};
      await startServer({ command: [process.execPath, '-e', 'process.exit(7)'], label: 'broken' }).catch(() => {});
      const dying = await startServer({ command: [process.execPath, '-e', listen, '{port}'], label: 'dying' });
      process.kill(dying.pid, 'SIGKILL');
      await dying.exited;
      await dying.stop();
      const deaf = await startServer({
        command: [process.execPath, '-e', "process.on('SIGTERM', () => {});" + listen, '{port}'],
        label: 'deaf',
        stopTimeoutMs: 1,
      });
      await deaf.stop();
    `,
    4,
    'portslice:server',
  );
  const texts = textsOf('server', stderr).map((text) => text.replaceAll(/^\d+|\(pid \d+\)/g, ''));
  expect(texts).toEqual([
    " 'broken'  has been started",
    expect.stringMatching(/^ 'broken' {2}is not ready after N ms: .*exit code 7/),
    " 'broken'  was stopped in N ms",
    " 'dying'  has been started",
    " 'dying'  is ready after N ms",
    " 'dying'  has ended by itself, with SIGKILL",
    " 'dying'  was stopped in N ms",
    " 'deaf'  has been started",
    " 'deaf'  is ready after N ms",
    " 'deaf'  was killed in N ms",
  ]);
});

test('a server that nobody stops is told of as its process ends', async () => {
  const { stderr, printed } = await traced(
    `
      import { startServer } from './src/index.ts';
      const server = await startServer({ command: [process.execPath, '-e', ${JSON.stringify(SERVER)}, '{port}'], label: 'shop' });
      console.log(server.port, server.pid);
      process.exit();
    `,
    1,
    'portslice:server',
  );
  const [port, pid] = printed;
  expect(textsOf('server', stderr).at(-1)).toBe(`${port} 'shop' (pid ${pid}) ends with this process`);
});

test('a run port is told of where it is claimed, and where it was told', async () => {
  const { stderr, printed } = await traced(
    `
      import { once } from 'node:events';
      import { Worker } from 'node:worker_threads';
      import { runPort } from './src/index.ts';
      console.log(runPort('web'), process.pid);
      runPort('web');
      await once(new Worker("import('./src/index.ts').then(({ runPort }) => runPort('web'))", { eval: true }), 'exit');
    `,
    3,
    'portslice:run-port',
  );
  const [port, pid] = printed;
  expect(textsOf('run-port', stderr)).toEqual([
    `${port} 'web' in ${process.cwd()}: claimed`,
    `${port} 'web', as pid ${pid} has said`,
  ]);
});
