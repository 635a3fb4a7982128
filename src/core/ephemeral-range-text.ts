/**
 * Parses what each OS says about the ports that it picks or keeps for itself. A text that is not understood is an
 * error, never a guess: with a wrong ephemeral range, tests would get ports that the OS gives to anybody.
 */
import { EphemeralRangeError } from '../errors/index.ts';
import { isDecimal, isPortRange, type PortRange } from './port-range.ts';

const LINUX_RANGE_SOURCE = '/proc/sys/net/ipv4/ip_local_port_range';
const SYSCTL_RANGE_SOURCE = 'sysctl -n net.inet.ip.portrange.first net.inet.ip.portrange.last';
const WINDOWS_RANGE_SOURCE = 'netsh int ipv4 show dynamicport tcp';
const WINDOWS_EXCLUDED_SOURCE = 'netsh int ipv4 show excludedportrange protocol=tcp';

/**
 * @param text of /proc/sys/net/ipv4/ip_local_port_range: `32768\t60999\n`, both inclusive (Linux, ip-sysctl.rst)
 * @throws {EphemeralRangeError} if it is not two ports in ascending order
 */
export function parseLinuxEphemeralRange(text: string): PortRange {
  return parseTwoPorts(text, LINUX_RANGE_SOURCE);
}

/**
 * @param text of `sysctl -n net.inet.ip.portrange.first net.inet.ip.portrange.last` (macOS, FreeBSD): one inclusive end
 *   a line
 * @throws {EphemeralRangeError} if it is not two ports in ascending order
 */
export function parseSysctlEphemeralRange(text: string): PortRange {
  return parseTwoPorts(text, SYSCTL_RANGE_SOURCE);
}

/**
 * @param text of `netsh int ipv4 show dynamicport tcp`, in the language of the system: the first port and then the
 *   *number* of ports, each at the end of a line after a colon
 * @throws {EphemeralRangeError} if these are not found, as under Wine, which prints nothing, or make no sense
 */
export function parseWindowsEphemeralRange(text: string): PortRange {
  const [firstPort, portCount] = text
    .split('\n')
    .map(numberAfterColon)
    .filter((value) => value !== undefined);
  if (firstPort === undefined || portCount === undefined) {
    throw notUnderstood(WINDOWS_RANGE_SOURCE, text, 'it does not show a start port and a number of ports');
  }
  return toPortRange(firstPort, firstPort + portCount - 1, WINDOWS_RANGE_SOURCE, text);
}

/**
 * @param text of `netsh int ipv4 show excludedportrange protocol=tcp`, in the language of the system: lines of an
 *   inclusive first and last port, with a `*` after those that an administrator has excluded
 * @returns the ranges in the order of the text; none for an empty text
 * @throws {EphemeralRangeError} if such a line makes no sense
 */
export function parseWindowsExcludedRanges(text: string): PortRange[] {
  return text.split('\n').flatMap((line) => {
    const [first, last, mark = '*', ...rest] = line.trim().split(/\s+/);
    if (!isDecimal(first) || !isDecimal(last) || mark !== '*' || rest.length > 0) return [];
    return [toPortRange(Number(first), Number(last), WINDOWS_EXCLUDED_SOURCE, line.trim())];
  });
}

function parseTwoPorts(text: string, source: string): PortRange {
  const [first, last, ...rest] = text.trim().split(/\s+/);
  if (!isDecimal(first) || !isDecimal(last) || rest.length > 0) {
    throw notUnderstood(source, text, 'it is not two numbers');
  }
  return toPortRange(Number(first), Number(last), source, text);
}

function toPortRange(firstPort: number, lastPort: number, source: string, text: string): PortRange {
  if (isPortRange(firstPort, lastPort)) return { firstPort, lastPort };
  throw notUnderstood(source, text, `${firstPort}-${lastPort} is not a range of ports`);
}

/** Chinese and Japanese text may have the full-width colon. */
function numberAfterColon(line: string): number | undefined {
  const colon = Math.max(line.lastIndexOf(':'), line.lastIndexOf('\uFF1A'));
  const value = line.slice(colon + 1).trim();
  return colon >= 0 && isDecimal(value) ? Number(value) : undefined;
}

function notUnderstood(source: string, text: string, problem: string): EphemeralRangeError {
  return new EphemeralRangeError({ source, text, problem });
}
