/**
 * Counts failed binds whose errno, read by the next call, is not that of the bind: `node notes/evidence/errno.ts 300`, in seconds.
 * New code all the time, much memory, child processes and sockets make V8 and libuv call the C library in between.
 */
import { spawn } from 'node:child_process';
import { type AddressInfo, connect, createServer } from 'node:net';
import { libc } from '../../src/platform/linux/libc.ts';
import { Scratch, writeAbstractAddress } from '../../src/platform/linux/scratch.ts';
import { bindAbstract, openUnixSocket } from '../../src/platform/linux/sockets.ts';

const EADDRINUSE = 98;
const endsAtMs = Date.now() + 1000 * Number(process.argv[2] ?? 2);
const c = libc();
const name = `errno-evidence-${process.pid}`;
bindAbstract(c, openUnixSocket(c), name);
const descriptor = openUnixSocket(c);
const others: Record<number, number> = {};
let memory: unknown[] = [];
let turn = 0;

function bindOften(): void {
  turn++;
  // oxlint-disable-next-line typescript/no-implied-eval -- code that V8 has not compiled yet
  const bind = new Function(
    'c, descriptor, at, byteLength, taken',
    `const found = []; for (let i = 0; i < 2000; i++) {
       const code = c.bind(descriptor, at, byteLength) === 0 ? 0 : c.errno(); if (code !== taken) found.push(code);
     } /* ${turn} */ return found;`,
  ) as (...args: unknown[]) => number[];
  const byteLength = writeAbstractAddress(c, name);
  const found = bind(c, descriptor, c.scratchPointer + Scratch.unixAddress, byteLength, EADDRINUSE);
  for (const code of found) others[code] = (others[code] ?? 0) + 1;
  disturb();
  if (Date.now() < endsAtMs) setImmediate(bindOften);
  else
    console.log(
      `yes: ${turn * 2000} binds of a taken address failed; errnos of other calls that were read:`,
      others,
    );
}

function disturb(): void {
  for (let i = 0; i < 500; i++) memory.push({ many: Array.from({ length: 200 }, () => i), text: `x${i}` });
  memory.push(Buffer.alloc(1_000_000));
  if (memory.length > 20_000) memory = [];
  if (turn % 50 === 0) spawn('/bin/true');
  if (turn % 10 !== 0) return;
  const server = createServer().listen(0, () => {
    const client = connect({ port: (server.address() as AddressInfo).port }, () => {
      client.destroy();
      server.close();
    });
  });
}

bindOften();
