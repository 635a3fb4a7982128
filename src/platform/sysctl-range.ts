/** The ephemeral range of macOS and FreeBSD, by the command of both. Parsed texts are tested; the command was never run on either. */
import { parseSysctlEphemeralRange } from '../core/ephemeral-range-text.ts';
import { EphemeralRangeError } from '../errors/index.ts';
import type { EphemeralRangeReading } from './port-kernel.ts';

export const RANGE_NAMES: readonly [first: string, last: string] = [
  'net.inet.ip.portrange.first',
  'net.inet.ip.portrange.last',
];

/** @throws EphemeralRangeError */
export function readRangeByCommand(): EphemeralRangeReading {
  try {
    return {
      range: parseSysctlEphemeralRange(
        process
          .getBuiltinModule('node:child_process')
          .execFileSync('sysctl', ['-n', ...RANGE_NAMES], { encoding: 'latin1', stdio: 'pipe' }),
      ),
    };
  } catch (error) {
    if (error instanceof EphemeralRangeError) throw error;
    throw new EphemeralRangeError({ source: 'sysctl', problem: 'the command failed', cause: error });
  }
}
