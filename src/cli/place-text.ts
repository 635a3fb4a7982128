/** Where a port lies, in words. */
import { formatPortRange, type PortRange } from '../core/port-range.ts';
import { EXCLUDED_VARIABLE } from '../pool/session/server-ports.ts';
import type { PortPlace } from '../report/port/port-report.ts';
import { enumerate } from './process-text.ts';

/** 'yes', or 'no: ' and the reasons; also what speaks against one that the user has named. */
export function describePlace(place: PortPlace, ephemeralRange: PortRange | undefined): string {
  const range = ephemeralRange === undefined ? '' : ` ${formatPortRange(ephemeralRange)}`;
  const reasons: readonly (readonly [boolean, string])[] = [
    [place.isLeftOutBy !== undefined, `${place.isLeftOutBy} does not name it`],
    [place.isExcludedByUser, `${EXCLUDED_VARIABLE} excludes it`],
    [place.isExcludedBySystem, 'the operating system excludes it'],
    [place.isRefusedByBrowsers, 'browsers and fetch refuse to connect to it'],
    [place.isEphemeral, `it lies in the ephemeral range${range}, from which clients get their ports`],
    [place.isPrivileged, 'ports below 1024 need privileges'],
  ];
  const texts = reasons.flatMap(([holds, text]) => (holds ? [text] : []));
  if (place.isServerPort)
    return texts.length === 0 ? 'yes, tests may be given it' : `yes, but ${enumerate(texts)}`;
  return texts.length === 0 ? 'no' : `no, ${enumerate(texts)}`;
}
