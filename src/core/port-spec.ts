/**
 * Parses what a user writes to name ports: a spec (an option or an environment variable) or a ports file.
 * Nothing is guessed or skipped: with a typing error, tests would silently get other ports than the user meant.
 */
import { PortSpecError } from '../errors/index.ts';
import { HIGHEST_PORT, isDecimal, joinRanges, LOWEST_PORT, type PortRange } from './port-range.ts';

interface Place {
  readonly source: string;
  readonly line?: number;
}

const SHOWN_TOKEN_LENGTH = 40;
const HOW_TO_WRITE = 'Write ports (1-65535) and ranges with commas between, such as 2000-2020,6001';

/**
 * The ports that a spec names, as ascending ranges that do not touch. A spec is ports from 1 to 65535 and inclusive ranges, separated
 * by commas, with white space anywhere around the numbers, such as ` 2000 - 2020, 6001 `.
 * @param source names the origin in errors, such as `PORTSLICE_PORTS`
 * @throws {PortSpecError} for no port at all, an empty item (also after a trailing comma), a number outside 1-65535,
 *   a reversed range, any other text
 */
export function parsePortSpec(text: string, source: string): PortRange[] {
  if (text.trim() === '') throw nothingNamed(source);
  return joinRanges(parseItems(text, { source }));
}

/**
 * The ports that a file names, as ascending ranges that do not touch. Each line is a spec; blank lines and `#` comments, of a whole
 * line or at its end, are skipped. Any line ends and a byte order mark are fine.
 * @param path names the file in errors, which also tell the line
 * @throws {PortSpecError} as `parsePortSpec`, and for a file that names no port
 */
export function parsePortsFile(text: string, path: string): PortRange[] {
  const lines = text.split(/\r\n|\r|\n/).map(withoutComment);
  const ranges = lines.flatMap((line, index) => {
    return line === '' ? [] : parseItems(line, { source: path, line: index + 1 });
  });
  if (ranges.length === 0) throw nothingNamed(path);
  return joinRanges(ranges);
}

function withoutComment(line: string): string {
  // trim() takes a byte order mark for white space.
  return line.replace(/#.*/s, '').trim();
}

function parseItems(text: string, place: Place): PortRange[] {
  const items = text.split(',');
  return items.map((item, index) => {
    const token = item.trim();
    return token === '' ? refuseEmptyItem(place, index, items.length) : parseItem(token, place);
  });
}

function parseItem(token: string, place: Place): PortRange {
  const ends = token.split('-', 3).map((end) => end.trim());
  if (ends.length > 2 || !ends.every(isDecimal)) return refuse(place, token, 'is neither a port nor a range');
  const [firstPort = 0, lastPort = firstPort] = ends.map(Number);
  if (Math.min(firstPort, lastPort) < LOWEST_PORT || Math.max(firstPort, lastPort) > HIGHEST_PORT) {
    return refuse(place, token, `is outside ${LOWEST_PORT}-${HIGHEST_PORT}`);
  }
  if (firstPort > lastPort) return refuse(place, token, 'is reversed', `Write ${lastPort}-${firstPort}`);
  return { firstPort, lastPort };
}

function refuse(place: Place, token: string, problem: string, fix = HOW_TO_WRITE): never {
  throw new PortSpecError({ ...place, token: shorten(token), problem, fix });
}

function refuseEmptyItem(place: Place, index: number, itemCount: number): never {
  const between = index === 0 ? 'a comma at the start' : 'two commas in a row';
  const where = index === itemCount - 1 ? 'a trailing comma' : between;
  return refuse(place, '', `is item ${index + 1}, which is empty: ${where}`, 'Remove the comma');
}

function nothingNamed(source: string): PortSpecError {
  return new PortSpecError({ source, problem: 'names no port', fix: HOW_TO_WRITE });
}

function shorten(token: string): string {
  if (token.length <= SHOWN_TOKEN_LENGTH) return token;
  const shown = token.slice(0, SHOWN_TOKEN_LENGTH - 3);
  // The cut may have left half of a surrogate pair.
  return `${shown.replace(/[\uD800-\uDBFF]$/, '')}...`;
}
