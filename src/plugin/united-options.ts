/** One set of options out of what several configurations of a run say, which has one pool. */
import { describeValue, InvalidOptionError } from '../errors/index.ts';
import { checkNames, RUN_POOL_OPTION_NAMES } from '../pool/session/option-checks.ts';
import { checkReport, DEFAULT_FOLDER } from '../report/report-options.ts';
import { checkOnLeak } from './on-leak.ts';
import type { RememberedOptions, RunPoolOptions } from './run-options.ts';

const RUN_OPTION_NAMES: readonly string[] = [...RUN_POOL_OPTION_NAMES, 'onLeak', 'report'];

/** What one configuration says of an option. */
interface Said<T> {
  readonly origin: string;
  readonly value: T;
}

/**
 * Excluded ports are united. Of the other options each may have one value.
 * @throws InvalidOptionError if two configurations disagree, or one has a name that is no option
 */
export function unitedOptions(said: readonly RememberedOptions[]): RunPoolOptions {
  for (const { options } of said) checkNames(options, RUN_OPTION_NAMES);
  const onLeak = onlyValue('onLeak', valuesOf('onLeak', said));
  const folder = onlyValue('report', said.flatMap(wantedFolder));
  return {
    ports: onlyValue('ports', valuesOf('ports', said)),
    restMs: onlyValue('restMs', valuesOf('restMs', said)),
    excludedPorts: said.flatMap(({ options }) => membersOf(options.excludedPorts)),
    onLeak: onLeak === undefined ? undefined : checkOnLeak('onLeak', onLeak),
    report: folder === undefined ? undefined : { folder },
  };
}

function valuesOf<Name extends keyof RunPoolOptions>(
  name: Name,
  said: readonly RememberedOptions[],
): Said<RunPoolOptions[Name]>[] {
  return said.flatMap(({ origin, options: { [name]: value } }) =>
    value === undefined ? [] : [{ origin, value }],
  );
}

/** One that wants no report leaves it to the others. */
function wantedFolder({ origin, options }: RememberedOptions): Said<string>[] {
  const report = checkReport(options.report);
  if (report === undefined) return [];
  return [
    { origin, value: process.getBuiltinModule('node:path').normalize(report.folder ?? DEFAULT_FOLDER) },
  ];
}

function onlyValue<T>(option: string, given: readonly Said<T>[]): T | undefined {
  if (new Set(given.map(({ value }) => value)).size > 1) throw disagreement(option, given);
  return given[0]?.value;
}

/** Runners evaluate their configurations in an order that varies; the message does not. */
function disagreement(option: string, given: readonly Said<unknown>[]): InvalidOptionError {
  const places = new Set(given.map(({ origin, value }) => `${describeValue(value)} in ${origin}`));
  const [first, ...others] = [...places].toSorted();
  const elsewhere = others.map((place) => place.replace(' in a call of ', ' in another call of '));
  return new InvalidOptionError({
    option,
    value: given.map(({ value }) => value),
    expected:
      'one value for the whole run, whose pool serves all its projects: set it in one place (Vitest: the root configuration)',
    problem: `is ${first}, but ${elsewhere.join(' and ')}`,
  });
}

/** What is no iterable of numbers stays, and is refused with the other values that are no port. */
function membersOf(excludedPorts: Iterable<number> = []): number[] {
  const isIterable = typeof excludedPorts !== 'string' && Symbol.iterator in Object(excludedPorts);
  return isIterable ? [...excludedPorts] : [excludedPorts as never];
}
