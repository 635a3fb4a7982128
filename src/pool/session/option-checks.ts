/** Checks of arguments that several functions share. Each throws InvalidOptionError and names what is wrong. */
import { HIGHEST_PORT, LOWEST_PORT } from '../../core/port-range.ts';
import { InvalidOptionError } from '../../errors/index.ts';

/** The longest that Node's timers can wait. */
export const MAX_TIMEOUT_MS: number = 2 ** 31 - 1;

/** The options of getServerTCPPorts, and of what makes pools. */
export const SERVER_PORT_OPTION_NAMES: readonly string[] = ['ports', 'excludedPorts'];
export const RUN_POOL_OPTION_NAMES: readonly string[] = [...SERVER_PORT_OPTION_NAMES, 'restMs'];

/** A misspelt option would silently be without effect. */
export function checkNames(options: unknown, names: readonly string[]): void {
  if (typeof options !== 'object' || options === null) {
    throw new InvalidOptionError({ option: 'options', value: options, expected: 'an object' });
  }
  for (const [name, value] of Object.entries(options)) {
    if (names.includes(name)) continue;
    throw new InvalidOptionError({
      option: name,
      value,
      expected: `one of ${names.join(', ')}`,
      problem: 'is not an option',
    });
  }
}

export function checkInteger(
  option: string,
  value: unknown,
  min: number,
  max: number,
): asserts value is number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return;
  throw new InvalidOptionError({ option, value, expected: `an integer from ${min} to ${max}` });
}

export function checkPort(port: unknown): asserts port is number {
  checkInteger('port', port, LOWEST_PORT, HIGHEST_PORT);
}

export function checkTimeout(option: string, timeoutMs: unknown): void {
  if (typeof timeoutMs === 'number' && timeoutMs >= 0 && timeoutMs <= MAX_TIMEOUT_MS) return;
  throw new InvalidOptionError({
    option,
    value: timeoutMs,
    expected: `milliseconds from 0 to ${MAX_TIMEOUT_MS}`,
  });
}

/** @returns a copy */
export function checkPorts(option: string, ports: Iterable<number> = []): number[] {
  const isIterable = typeof (ports as Iterable<number> | null)?.[Symbol.iterator] === 'function';
  if (typeof ports === 'string' || !isIterable) {
    throw new InvalidOptionError({ option, value: ports, expected: 'an iterable of port numbers' });
  }
  const copy = [...ports];
  for (const port of copy) {
    if (Number.isInteger(port) && port >= LOWEST_PORT && port <= HIGHEST_PORT) continue;
    throw new InvalidOptionError({
      option,
      value: port,
      expected: `integers from ${LOWEST_PORT} to ${HIGHEST_PORT}`,
    });
  }
  return copy;
}

/** Not by instanceof: a signal may come from another realm. */
export function checkSignal(signal: unknown): void {
  const { aborted, throwIfAborted, addEventListener } = (signal ?? {}) as Partial<AbortSignal>;
  const canAbort = typeof throwIfAborted === 'function' && typeof addEventListener === 'function';
  if (signal === undefined || (typeof aborted === 'boolean' && canAbort)) return;
  throw new InvalidOptionError({ option: 'signal', value: signal, expected: 'an AbortSignal' });
}
