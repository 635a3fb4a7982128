/**
 * Which system calls a claim and its release make in truth, found with strace, so that the program in C can be
 * held against it. Run `node bench/call-trace.ts` to see the calls in the words of bare-calls.ts.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { cleanEnvironment } from '../test/support/environment.ts';

const CYCLES = 50;
const TIMEOUT_MS = 60_000;
const MARK = '/portslice-cycle';
const program = path.join(import.meta.dirname, 'call-trace.program.ts');

/**
 * The calls of the last cycle, in order: all that concern the network or a descriptor.
 * @returns undefined where there is no strace, or it may not trace
 */
export function traceCycle(nodePath: string, source: string): string[] | undefined {
  const folder = mkdtempSync(path.join(tmpdir(), 'portslice-bench-'));
  const file = path.join(folder, 'trace');
  try {
    const traced = [nodePath, program, source, String(CYCLES), MARK];
    // Without -f: only the main thread.
    const { status } = spawnSync('strace', ['-o', file, '-e', 'trace=%net,%desc,%file', ...traced], {
      env: cleanEnvironment(),
      timeout: TIMEOUT_MS,
    });
    return status === 0 ? lastCycle(readFileSync(file, 'utf8')) : undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function lastCycle(trace: string): string[] {
  const cycles = trace.split(/^.*\/portslice-cycle.*$/m);
  const lines = (cycles.at(-2) ?? '').split('\n');
  const names = new Map<string, string>();
  // V8's memory is no call of the claim's.
  return lines
    .filter((line) => line !== '' && !line.startsWith('mmap'))
    .map((line) => inOurWords(line, names));
}

/** @param names of the descriptors, by number; a socket gets its name when it is opened, or first used */
function inOurWords(line: string, names: Map<string, string>): string {
  const [, call = '', facts = '', result = ''] = /^(\w+)\((.*)\)\s+= (-?\d+)/.exec(line) ?? [];
  if (call === 'socket') {
    names.set(result, nameFor(facts, names));
    return `${names.get(result)}.socket`;
  }
  const [, descriptor = '', option, value] =
    /^(\d+)(?:, \w+, (?:IPV6_|SO_)(\w+), \[(\d)\])?/.exec(facts) ?? [];
  if (!names.has(descriptor) && call === 'bind') names.set(descriptor, nameFor(facts, names));
  const name = names.get(descriptor) ?? descriptor;
  if (result === '-1') return line;
  if (call === 'setsockopt') return `${name}.${option}=${value}`;
  if (call === 'close') names.delete(descriptor);
  return `${name}.${call}`;
}

function nameFor(facts: string, names: ReadonlyMap<string, string>): string {
  if (facts.includes('AF_UNIX')) return 'lock';
  return [...names.values()].includes('hold') ? 'probe' : 'hold';
}

if (import.meta.main) {
  const calls = traceCycle(process.execPath, new URL('../dist/index.js', import.meta.url).href);
  console.log(calls?.join('\n') ?? 'There is no strace here.');
}
