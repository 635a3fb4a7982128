/** Values of PORTSLICE_POOL that somebody could set in order to harm. */
import type { Random } from './random.ts';

const RUN_ID = '0123456789abcdef0123456789abcdef';
const MEGABYTE = 2 ** 20;

/** A handle of the right form. */
export function handleOf(processId: number | string, descriptor: number | string, runId = RUN_ID): string {
  return `portslice:1:memfd:${processId}:${descriptor}:${runId}`;
}

/** @param processId of a living process, whose descriptors some of them name */
export function hostileHandles(random: Random, processId: number, count: number): string[] {
  const oneOf = <T>(choices: readonly T[]): T => choices[random(choices.length)] as T;
  const text = (length: number): string =>
    Array.from({ length }, () => String.fromCodePoint(1 + random(random(2) === 0 ? 126 : 0xd7_fe))).join('');
  const processIds = (): number | string =>
    oneOf<() => number | string>([
      () => processId,
      () => oneOf([process.pid, process.ppid, 1, 2, 4_194_303, random(2 ** 22)]),
      () => oneOf(['0', '-1', '4294967295', '9999999999', '99999999999', '1e3', '0x10', '+1', ' 1', '01']),
      () =>
        oneOf(['', '.', '..', 'self', '../1', '1/fd/../../1', '1\n', '\u0661', '9'.repeat(random(MEGABYTE))]),
    ])();
  const descriptors = (): number | string =>
    oneOf<() => number | string>([
      () => oneOf([0, 1, 2, 3, random(30), random(64), random(2 ** 16), 999_999_999, 1_000_000_000]),
      () =>
        oneOf([
          '-1',
          '00',
          '4294967296',
          '../mem',
          '0/x',
          '',
          '\u0000',
          '1\u0000',
          ' 3',
          '3 ',
          '9'.repeat(100),
        ]),
    ])();
  const runIds = (): string =>
    oneOf([
      RUN_ID,
      RUN_ID,
      RUN_ID,
      RUN_ID.toUpperCase(),
      RUN_ID.slice(1),
      `${RUN_ID}0`,
      '',
      `${RUN_ID}\n`,
      text(32),
    ]);
  const mutated = (handle: string): string => {
    const at = random(handle.length);
    return handle.slice(0, at) + text(random(3)) + handle.slice(at + random(3));
  };
  const kinds: readonly (() => string)[] = [
    () => handleOf(processIds(), descriptors(), runIds()),
    () => handleOf(processId, random(64)),
    () => handleOf(1, random(64)),
    () => mutated(handleOf(processId, random(64))),
    () => mutated(mutated(handleOf(processIds(), descriptors()))),
    () => text(1 + random(300)),
    () =>
      oneOf([
        '\u0001',
        '\u001b[2J',
        'a\r\nb',
        '\u2028',
        '\u{1F600}',
        '\ud800',
        '%s%n',
        '$(id)',
        '__proto__',
        ' ',
      ]),
  ];
  const huge = [
    'x'.repeat(MEGABYTE),
    '\n'.repeat(MEGABYTE),
    handleOf('9'.repeat(MEGABYTE), 3),
    handleOf(1, '9'.repeat(MEGABYTE)),
    handleOf(1, 3, '0'.repeat(MEGABYTE)),
    'portslice:1:memfd:'.repeat(MEGABYTE / 16),
  ];
  const generated = Array.from({ length: count }, () => oneOf(kinds)());
  // An empty value is no handle, and an intact one would be none of these.
  return [...huge, ...generated.filter((handle) => handle.split('\0')[0] !== '')];
}
