/** Feeds one of the parsers with texts and compares its answers with the oracle's. See fuzz.test.ts. */
import { deepStrictEqual, ok } from 'node:assert/strict';
import * as fc from 'fast-check';
import {
  parseLinuxEphemeralRange,
  parseSysctlEphemeralRange,
  parseWindowsEphemeralRange,
  parseWindowsExcludedRanges,
} from '../../src/core/ephemeral-range-text.ts';
import type { PortRange } from '../../src/core/port-range.ts';
import { parsePortsFile, parsePortSpec } from '../../src/core/port-spec.ts';
import { EphemeralRangeError, getServerTCPPorts, PortSpecError } from '../../src/index.ts';
import {
  mark,
  rangeOfColonLines,
  rangeOfTwoPorts,
  rangesOfColumns,
  rangesOfFile,
  rangesOfSpec,
} from './fuzz-oracle.ts';
import { hugeTexts, portTexts, systemTexts } from './fuzz-texts.ts';
import { reportToWatcher } from './watched.ts';

export interface FuzzConfig {
  readonly seed: number;
  /** Texts for the parsers of what users write, and as many for those of what systems say. */
  readonly texts: number;
  readonly hugeLength: number;
}

export interface FuzzReport {
  readonly accepted: Readonly<Record<string, number>>;
  readonly refused: Readonly<Record<string, number>>;
  readonly hugeTexts: number;
  /** The smallest text with a wrong answer, and the seed. */
  readonly failure: string | undefined;
}

const { seed, texts, hugeLength } = JSON.parse(process.argv[2] as string) as FuzzConfig;
const watcher = reportToWatcher<FuzzReport>();
const accepted: Record<string, number> = {};
const refused: Record<string, number> = {};
/** Every so many specs go the whole way to server ports. */
const WHOLE_WAY_EVERY = 20;
let specs = 0;

function count(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}

/** The parser's answer, or its typed error. Everything else that it throws is a wrong answer. */
function answerOf<T, E extends Error>(
  name: string,
  type: new (...args: never[]) => E,
  parse: () => T,
): T | E {
  watcher.progress();
  try {
    const answer = parse();
    count(accepted, name);
    return answer;
  } catch (error) {
    if (!(error instanceof type)) throw error;
    count(refused, name);
    return error;
  }
}

function checkRanges(ranges: readonly PortRange[], expected: readonly PortRange[]): void {
  let previous = -1;
  for (const { firstPort, lastPort } of ranges) {
    ok(Number.isInteger(firstPort) && Number.isInteger(lastPort), 'integers');
    ok(firstPort >= 1 && firstPort <= lastPort && lastPort <= 65_535, 'ports');
    ok(firstPort > previous + 1, 'ascending, each once');
    previous = lastPort;
  }
  ok(Buffer.compare(mark(ranges), mark(expected)) === 0, 'exactly the ports that are named');
}

function checkSpecError(error: PortSpecError, line: number | undefined): void {
  deepStrictEqual([error.source, error.line], ['the source', line]);
  ok(error.message.startsWith('the source') && error.message.length < 300, error.message);
  if (error.token === undefined) ok(error.message.includes('names no port'), error.message);
  else ok(error.token.length <= 40 && error.message.includes(`'${error.token}'`), error.message);
}

function checkSpec(text: string): void {
  const answer = answerOf('parsePortSpec', PortSpecError, () => parsePortSpec(text, 'the source'));
  const expected = rangesOfSpec(text);
  if (answer instanceof PortSpecError) {
    ok(expected === undefined, 'refused a good spec');
    checkSpecError(answer, undefined);
  } else checkRanges(answer, expected ?? []);
  if (specs++ % WHOLE_WAY_EVERY === 0) checkServerPorts(text, expected);
}

function checkServerPorts(text: string, expected: readonly PortRange[] | undefined): void {
  const ports = answerOf('getServerTCPPorts', PortSpecError, () => getServerTCPPorts({ ports: text }));
  // Good specs can name nothing but ports that browsers refuse.
  if (ports instanceof PortSpecError) return;
  const marks = mark(expected ?? []);
  ok(ports.length > 0 && ports.every((port, place) => marks[port] === 1 && port > (ports[place - 1] ?? 0)));
}

function checkFile(text: string): void {
  const answer = answerOf('parsePortsFile', PortSpecError, () => parsePortsFile(text, 'the source'));
  const expected = rangesOfFile(text);
  if (answer instanceof PortSpecError) {
    ok(typeof expected === 'number', 'refused a good file');
    checkSpecError(answer, expected === 0 ? undefined : expected);
  } else checkRanges(answer, typeof expected === 'number' ? [] : expected);
}

type SystemParser = (text: string) => PortRange | PortRange[];
type SystemOracle = (text: string) => PortRange | PortRange[] | undefined;

const systemParsers: readonly [name: string, source: string, parse: SystemParser, oracle: SystemOracle][] = [
  ['Linux', '/proc/sys/net/ipv4/ip_local_port_range', parseLinuxEphemeralRange, rangeOfTwoPorts],
  ['sysctl', 'sysctl -n net.inet', parseSysctlEphemeralRange, rangeOfTwoPorts],
  ['netsh', 'netsh int ipv4 show dynamicport', parseWindowsEphemeralRange, rangeOfColonLines],
  ['netsh excluded', 'netsh int ipv4 show excludedportrange', parseWindowsExcludedRanges, rangesOfColumns],
];

function checkSystemText(text: string): void {
  for (const [name, source, parse, oracle] of systemParsers) {
    const answer = answerOf(name, EphemeralRangeError, () => parse(text));
    const expected = oracle(text);
    if (answer instanceof EphemeralRangeError) {
      ok(expected === undefined, `${name} refused a good text`);
      ok(answer.source.startsWith(source) && answer.message.includes(source) && answer.message.length < 700);
      ok(answer.text !== undefined && text.includes(answer.text), 'names the text');
    } else deepStrictEqual(answer, expected);
  }
}

function fuzz(
  arbitrary: fc.Arbitrary<string>,
  checks: readonly ((text: string) => void)[],
  runs: number,
): void {
  fc.assert(
    fc.property(arbitrary, (text) => {
      for (const check of checks) check(text);
      watcher.progress();
    }),
    { numRuns: runs, seed },
  );
}

function run(): FuzzReport {
  let done = 0;
  try {
    fuzz(portTexts, [checkSpec, checkFile], texts);
    fuzz(systemTexts, [checkSystemText], texts);
    for (const [kind, text] of Object.entries(hugeTexts(hugeLength))) {
      for (const check of [checkSpec, checkFile, checkSystemText]) {
        try {
          specs = 0;
          check(text);
        } catch (error) {
          throw new Error(`A megabyte of ${kind}`, { cause: error });
        }
        watcher.progress();
      }
      done++;
    }
  } catch (error) {
    const { message, cause } = error as Error;
    const failure = `${message}\n${String((cause as Error | undefined)?.stack)}`;
    return { accepted, refused, hugeTexts: done, failure };
  }
  return { accepted, refused, hugeTexts: done, failure: undefined };
}

process.on('warning', () => undefined);
watcher.report(run());
