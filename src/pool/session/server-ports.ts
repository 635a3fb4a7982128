/** The server ports of this machine: what the user's spec, the environment and the operating system say together. */
import { browserBlockedPorts } from '../../core/browser-blocked-ports.ts';
import { computeServerPorts, type ServerPorts } from '../../core/compute-server-ports.ts';
import { countText } from '../../core/count-text.ts';
import type { PortList } from '../../core/port-list.ts';
import {
  formatPortRange,
  includesPort,
  joinRanges,
  type PortRange,
  rangesOfPorts,
} from '../../core/port-range.ts';
import { parsePortsFile, parsePortSpec } from '../../core/port-spec.ts';
import {
  EphemeralRangeError,
  InvalidOptionError,
  PortsliceError,
  PortSpecError,
} from '../../errors/index.ts';
import { readVariable } from '../../platform/environment.ts';
import { fileSystem } from '../../platform/file-system.ts';
import { platform } from '../../platform/platform.ts';
import { checkNames, checkPorts, SERVER_PORT_OPTION_NAMES } from './option-checks.ts';
import { warnOnce } from './warnings.ts';

export interface ServerPortOptions {
  /** A spec such as '2000-2020,6001'. Default: the environment's spec, else what the OS leaves. */
  ports?: string | undefined;
  /** Ports never to hand out, besides those of PORTSLICE_EXCLUDED_PORTS. */
  excludedPorts?: Iterable<number> | undefined;
}

/** In order of precedence. */
const SPEC_VARIABLES = [
  { list: 'PORTSLICE_PORTS', file: 'PORTSLICE_PORTS_FILE' },
  { list: 'PYSYS_PORTS', file: 'PYSYS_PORTS_FILE' },
] as const;
export const EXCLUDED_VARIABLE = 'PORTSLICE_EXCLUDED_PORTS';
/** Where the ephemeral range cannot be read. */
export const NO_RANGE: PortRange = { firstPort: 0, lastPort: 0 };

/**
 * The inclusive range from which the OS picks client ports. Linux: ip_local_port_range of this network namespace.
 * @throws EphemeralRangeError if it cannot be read or makes no sense
 */
export function getEphemeralTCPPortRange(): readonly [min: number, max: number] {
  const { firstPort, lastPort } = readEphemeralRange();
  return [firstPort, lastPort];
}

/**
 * The ports that tests may be given, ascending: all of 1024-65535 without the ephemeral range, or exactly what the spec
 * says; in both cases without excluded ports and those that browsers refuse.
 * @throws PortSpecError, EphemeralRangeError, InvalidOptionError
 */
export function getServerTCPPorts(options: ServerPortOptions = {}): number[] {
  return [...findServerPorts(options)];
}

/** The same ports in the form in which pools have them. */
export function findServerPorts(options: ServerPortOptions = {}): PortList {
  const reading = readServerPorts(options);
  const problem = describeOverlap(reading);
  if (problem !== undefined)
    warnOnce(reading.usedWholeRange ? 'PORTSLICE_WHOLE_RANGE' : 'PORTSLICE_EPHEMERAL_OVERLAP', problem);
  return reading.ports;
}

export interface ServerPortsReading extends ServerPorts {
  /** What has named them; undefined: nothing. */
  readonly source: string | undefined;
  readonly ephemeralRange: PortRange;
  /** What `source` says; undefined: nothing has named any. */
  readonly spec: readonly PortRange[] | undefined;
  readonly excluded: ExcludedRanges;
}

/** Ascending, with a gap after each. */
interface ExcludedRanges {
  readonly byUser: readonly PortRange[];
  readonly bySystem: readonly PortRange[];
}

/** Warns of nothing that `describeOverlap` tells. @throws as getServerTCPPorts */
export function readServerPorts(options: ServerPortOptions = {}): ServerPortsReading {
  checkNames(options, SERVER_PORT_OPTION_NAMES);
  const spec = readSpec(options);
  const excluded: ExcludedRanges = {
    byUser: joinRanges([
      ...rangesOfPorts(checkPorts('excludedPorts', options.excludedPorts)),
      ...readExcludedVariable(),
    ]),
    bySystem: joinRanges(platform.readExcludedRanges()),
  };
  const ephemeralRange = spec === undefined ? readEphemeralRange() : readEphemeralRangeIfPossible();
  const result = computeServerPorts({
    ephemeralRange,
    spec: spec?.ranges,
    excludedRanges: [...excluded.byUser, ...excluded.bySystem],
    blockedPorts: browserBlockedPorts,
  });
  if (result.ports.length === 0) {
    throw new PortSpecError({
      source:
        spec?.source ??
        (options.excludedPorts === undefined ? EXCLUDED_VARIABLE : "the option 'excludedPorts'"),
      problem: 'no port is left after the excluded ports and those that browsers refuse are taken out',
      fix: 'Name more ports, or exclude fewer',
    });
  }
  return { ...result, source: spec?.source, spec: spec?.ranges, ephemeralRange, excluded };
}

/** What it means that server ports lie in the ephemeral range, in sentences; undefined: none does. */
export function describeOverlap(reading: ServerPortsReading): string | undefined {
  const { ephemeralOverlap, usedWholeRange, source, ephemeralRange } = reading;
  const range = formatPortRange(ephemeralRange);
  if (ephemeralOverlap > 0) {
    const overlap = `${countText(ephemeralOverlap, 'port')} of ${source} ${ephemeralOverlap === 1 ? 'lies' : 'lie'} in the ephemeral range ${range}, where client connections take ports too`;
    return platform.hasHolds()
      ? `${overlap}; allocation may have to search longer.`
      : `${overlap}, ${NOTHING_KEEPS_THEM} Move ${source} out of the range.`;
  }
  if (!usedWholeRange) return undefined;
  const whole = `The ephemeral range ${range} leaves hardly any other port; 1024-49151 is used`;
  return platform.hasHolds()
    ? `${whole}, and allocation may have to search longer.`
    : `${whole}, ${NOTHING_KEEPS_THEM} Make the ephemeral range smaller.`;
}

const NOTHING_KEEPS_THEM =
  'and nothing on this system keeps it from giving such a port to a client or to listen(0) between its claim and the ' +
  "start of its server: servers will fail now and then, or a test will meet another one's.";

/** In words that follow a colon. For a port that is in no pool; a variable that is wrong is another error's business. */
export function whyNoServerPort(port: number): string {
  try {
    return findReason(port) ?? NOT_AMONG_THEM;
  } catch (error) {
    if (error instanceof PortsliceError) return NOT_AMONG_THEM;
    throw error;
  }
}

const NOT_AMONG_THEM = "the run's server ports do not have it";

function findReason(port: number): string | undefined {
  if (browserBlockedPorts.has(port)) return 'browsers refuse to connect to it';
  if (includesPort(platform.readExcludedRanges(), port)) return 'the operating system reserves it';
  if (includesPort(readExcludedVariable(), port)) return `${EXCLUDED_VARIABLE} excludes it`;
  const ephemeralRange = readEphemeralRangeIfPossible();
  if (includesPort([ephemeralRange], port))
    return `it lies in the ephemeral range ${formatPortRange(ephemeralRange)}, from which client connections take ports`;
  return port < 1024 ? 'ports below 1024 need privileges' : undefined;
}

interface Spec {
  readonly ranges: readonly PortRange[];
  readonly source: string;
}

function readSpec({ ports }: ServerPortOptions): Spec | undefined {
  if (ports === undefined) return readSpecVariables();
  if (typeof ports !== 'string')
    throw new InvalidOptionError({
      option: 'ports',
      value: ports,
      expected: "a spec such as '2000-2020,6001'",
    });
  return { ranges: parsePortSpec(ports, "the option 'ports'"), source: "the option 'ports'" };
}

function readSpecVariables(): Spec | undefined {
  for (const { list, file } of SPEC_VARIABLES) {
    const text = readVariable(list);
    const path = readVariable(file);
    if (text !== undefined && path !== undefined) {
      throw new PortSpecError({
        source: `${list} and ${file}`,
        problem: 'both are set',
        fix: 'Unset one of them',
      });
    }
    if (text !== undefined) return { ranges: parsePortSpec(text, list), source: list };
    if (path !== undefined) return { ranges: readPortsFile(path, file), source: `${file}=${path}` };
  }
  return undefined;
}

function readPortsFile(path: string, variable: string): PortRange[] {
  let text: string;
  try {
    text = fileSystem().readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new PortSpecError({
      source: variable,
      token: path,
      problem: `cannot be read (${code})`,
      fix: 'Name a readable file',
      cause: error,
    });
  }
  return parsePortsFile(text, path);
}

export function readExcludedVariable(): PortRange[] {
  const text = readVariable(EXCLUDED_VARIABLE);
  return text === undefined ? [] : parsePortSpec(text, EXCLUDED_VARIABLE);
}

function readEphemeralRange(): PortRange {
  const { range, warning } = platform.readEphemeralRange();
  if (warning !== undefined) warnOnce('PORTSLICE_EPHEMERAL_GUESSED', warning);
  return range;
}

/** With a spec the range only serves a warning, and a spec is what the range's own error asks for. */
function readEphemeralRangeIfPossible(): PortRange {
  try {
    return readEphemeralRange();
  } catch (error) {
    if (error instanceof EphemeralRangeError) return NO_RANGE;
    throw error;
  }
}
