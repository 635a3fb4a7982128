/** The ephemeral range of macOS and FreeBSD. Parsed texts are tested; the command itself was never run on either. */
import { parseSysctlEphemeralRange } from '../../core/ephemeral-range-text.ts';
import { EphemeralRangeError } from '../../errors/index.ts';
import type { EphemeralRangeReading } from '../port-kernel.ts';

const NAMES = ['net.inet.ip.portrange.first', 'net.inet.ip.portrange.last'];

/** @throws EphemeralRangeError */
export function readDarwinEphemeralRange(): EphemeralRangeReading {
  try {
    return {
      range: parseSysctlEphemeralRange(
        process
          .getBuiltinModule('node:child_process')
          .execFileSync('sysctl', ['-n', ...NAMES], { encoding: 'latin1' }),
      ),
    };
  } catch (error) {
    if (error instanceof EphemeralRangeError) throw error;
    throw new EphemeralRangeError({ source: 'sysctl', problem: 'the command failed', cause: error });
  }
}
