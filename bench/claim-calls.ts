/**
 * The system calls of a claim and its release, without an allocator around them: from C (claims.c) and from JavaScript
 * (bare-calls.ts). test/bench holds the list against what a claim really calls.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import path from 'node:path';

type Socket = 'lock' | 'hold';
export type ClaimCall =
  | readonly ['socket' | 'bind' | 'listen' | 'close', Socket]
  | readonly ['setsockopt', Socket, 'SO_REUSEADDR' | 'SO_REUSEPORT', 0 | 1];

/** In a process without worker threads. The lock is an abstract AF_UNIX socket, the hold a dual AF_INET6 one. */
export const CLAIM_CALLS: readonly ClaimCall[] = [
  ['socket', 'lock'],
  ['bind', 'lock'],
  ['socket', 'hold'],
  ['bind', 'hold'],
  ['setsockopt', 'hold', 'SO_REUSEADDR', 1],
  ['setsockopt', 'hold', 'SO_REUSEPORT', 1],
  // The release: does anything still listen?
  ['setsockopt', 'hold', 'SO_REUSEPORT', 0],
  ['listen', 'hold'],
  ['close', 'hold'],
  ['close', 'lock'],
];

export function findCompiler(): string | undefined {
  return ['cc', 'gcc', 'clang'].find((name) => spawnSync(name, ['--version']).status === 0);
}

/** @returns the program; undefined on a machine without a C compiler */
export function compileClaims(folder: string): string | undefined {
  const compiler = findCompiler();
  if (compiler === undefined) return undefined;
  const file = path.join(folder, 'claims');
  const calls = CLAIM_CALLS.map(([name, ...args]) => `CALL(call_${name}(${args.join(', ')}))`);
  const source = path.join(import.meta.dirname, 'claims.c');
  execFileSync(compiler, ['-O2', `-DCYCLE=${calls.join(' ')}`, '-o', file, source]);
  return file;
}
