/** The ephemeral range of macOS. */
import { parseSysctlEphemeralRange } from '../../core/ephemeral-range-text.ts';
import { EphemeralRangeError, ForeignFunctionError, UnsupportedPlatformError } from '../../errors/index.ts';
import type { EphemeralRangeReading } from '../port-kernel.ts';
import { RANGE_NAMES, readRangeByCommand } from '../sysctl-range.ts';
import { readNamed } from './proc.ts';

/** Without the foreign function interface, which nothing else of this needs, the command tells. @throws EphemeralRangeError */
export function readDarwinEphemeralRange(): EphemeralRangeReading {
  let ends: number[];
  try {
    ends = RANGE_NAMES.map(readNumber);
  } catch (error) {
    if (error instanceof ForeignFunctionError || error instanceof UnsupportedPlatformError)
      return readRangeByCommand();
    throw error;
  }
  return { range: parseSysctlEphemeralRange(ends.join('\n')) };
}

function readNumber(name: string): number {
  const bytes = readNamed(name);
  if (bytes?.length === 4) return bytes.readInt32LE(0);
  throw new EphemeralRangeError({ source: `sysctlbyname(${name})`, problem: 'the system does not tell' });
}
