/**
 * Waits for many servers at once, which begin to listen one after the other when all of them wait, and prints what that takes
 * and how late each is noticed, as JSON. usage: node waiting.program.ts <URL of portslice> <folder> startServer|connect <servers>
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import type * as Portslice from '../src/index.ts';
import type { Usage } from './usage.ts';

/** What the program prints. */
export interface Waited extends Usage {
  /** From listening to being noticed, of each server. */
  readonly latenessMs: readonly number[];
}

/** Told by a signal, it listens after a while, and tells whoever connects when that was. The clock is that of the whole machine. */
const LATE_SERVER = `
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
const [port, afterMs] = process.argv.slice(2).map(Number);
let listenedNs;
const server = createServer((socket) => socket.on('error', () => undefined).end(String(listenedNs)));
process.once('SIGUSR2', () => setTimeout(() => {
  server.listen(port);
  listenedNs = process.hrtime.bigint();
}, afterMs));
setInterval(() => undefined, 2 ** 30);
writeFileSync(import.meta.dirname + '/waiting/' + process.pid, '');
`;
/** Far enough apart that no server listens while another one is still being noticed, on a machine that does nothing else. */
const APART_MS = 50;
/** So that a connection notices a server about as soon as `startServer` does, which looks every 4 ms. */
const POLL_MS = 2;
const SETTLE_MS = 300;

const [entry = '', folder = '', method = '', count = ''] = process.argv.slice(2);
const { startServer, TCPPortOwner } = (await import(entry)) as typeof Portslice;
const program = path.join(folder, 'late-server.mjs');
const waitingFolder = path.join(folder, 'waiting');
rmSync(waitingFolder, { recursive: true, force: true });
mkdirSync(waitingFolder, { recursive: true });
writeFileSync(program, LATE_SERVER);

interface Noticed {
  readonly port: number;
  readonly noticedNs: bigint;
  readonly stop: () => unknown;
}

const start = { startServer: startAndWait, connect: spawnAndConnect }[method] as typeof startAndWait;
const starting = Array.from({ length: Number(count) }, (_, index) => start((index + 1) * APART_MS));
while (readdirSync(waitingFolder).length < starting.length) await setTimeout(POLL_MS);
await setTimeout(SETTLE_MS);
const startMs = performance.now();
const startCpu = process.cpuUsage();
for (const pid of readdirSync(waitingFolder)) process.kill(Number(pid), 'SIGUSR2');
const noticed = await Promise.all(starting);
const { user, system } = process.cpuUsage(startCpu);
const wallMs = performance.now() - startMs;
const latenessMs = await Promise.all(noticed.map(latenessOf));
for (const { stop } of noticed) await stop();
writeSync(1, JSON.stringify({ cpuMs: (user + system) / 1000, wallMs, latenessMs } satisfies Waited));
process.exit();

async function startAndWait(afterMs: number): Promise<Noticed> {
  const server = await startServer({ command: [process.execPath, program, '{port}', String(afterMs)] });
  return { port: server.port, noticedNs: process.hrtime.bigint(), stop: () => server.stop() };
}

async function spawnAndConnect(afterMs: number): Promise<Noticed> {
  const owner = new TCPPortOwner();
  const child = spawn(process.execPath, [program, String(owner), String(afterMs)], { stdio: 'ignore' });
  while (!(await accepts(owner.port))) await setTimeout(POLL_MS);
  return { port: owner.port, noticedNs: process.hrtime.bigint(), stop: () => end(child) };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    // By its address: looking a name up would take longer than all else.
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

async function end(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill();
  await exited;
}

async function latenessOf({ port, noticedNs }: Noticed): Promise<number> {
  const listenedNs = BigInt(await text(connect({ port, host: '127.0.0.1' })));
  return Number(noticedNs - listenedNs) / 1e6;
}
