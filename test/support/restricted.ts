/** Processes for which the kernel refuses, or only pretends to do, some system calls: a real filter (seccomp), no mock. */
import { fileURLToPath } from 'node:url';
import type { TestContext } from 'vitest';
import { needProgram } from './needs.ts';

const program = fileURLToPath(new URL('restricted.program.py', import.meta.url));

/**
 * The wrapper command for such a process.
 * @param rules `<system call>:<number of an argument>=<its value>:<errno>`; errno 0 pretends success
 */
export function needRestriction(context: TestContext, ...rules: readonly string[]): readonly string[] {
  return [needProgram(context, 'python3'), program, ...rules, '--'];
}

/** A kernel that was started with `ipv6.disable=1` answers so. */
export const NO_IPV6 = 'socket:0=10:EAFNOSUPPORT';
