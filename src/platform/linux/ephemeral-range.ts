/** The ephemeral range of this network namespace. */
import { parseLinuxEphemeralRange } from '../../core/ephemeral-range-text.ts';
import { EphemeralRangeError } from '../../errors/index.ts';
import { fileSystem } from '../file-system.ts';
import type { EphemeralRangeReading } from '../port-kernel.ts';

const PATH = '/proc/sys/net/ipv4/ip_local_port_range';
/** RFC 6335, section 6. */
const IANA_RANGE = { firstPort: 49152, lastPort: 65535 };

/** @throws EphemeralRangeError if the file is there and cannot be used */
export function readLinuxEphemeralRange(path: string = PATH): EphemeralRangeReading {
  let text: string;
  try {
    text = fileSystem().readFileSync(path, 'latin1');
  } catch (error) {
    // Deno denies with an error that has a name only.
    const { code, name } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT')
      throw new EphemeralRangeError({
        source: path,
        problem: `it cannot be read (${code ?? name})`,
        cause: error,
      });
    return {
      range: IANA_RANGE,
      warning: `${path} does not exist; the IANA ephemeral range ${IANA_RANGE.firstPort}-${IANA_RANGE.lastPort} is assumed.`,
    };
  }
  return { range: parseLinuxEphemeralRange(text) };
}
