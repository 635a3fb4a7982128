/** One set of options out of what several configurations of a run say, which has one pool. */
import { InvalidOptionError } from '../errors/index.ts';
import { checkNames, RUN_POOL_OPTION_NAMES } from '../pool/session/option-checks.ts';
import { checkReport } from '../report/report-options.ts';
import { checkOnLeak } from './on-leak.ts';
import type { RememberedOptions, RunPoolOptions } from './run-options.ts';

const RUN_OPTION_NAMES: readonly string[] = [...RUN_POOL_OPTION_NAMES, 'onLeak', 'report'];

/** Those that have one value in a run. */
type SingleName = 'ports' | 'restMs' | 'onLeak' | 'report';

/**
 * Excluded ports are united. Of the other options each may have one value.
 * @throws InvalidOptionError if two configurations disagree, or one has a name that is no option
 */
export function unitedOptions(said: readonly RememberedOptions[]): RunPoolOptions {
  for (const { options } of said) checkNames(options, RUN_OPTION_NAMES);
  const onLeak = onlyValue('onLeak', said);
  return {
    ports: onlyValue('ports', said),
    restMs: onlyValue('restMs', said),
    excludedPorts: said.flatMap(({ options }) => membersOf(options.excludedPorts)),
    onLeak: onLeak === undefined ? undefined : checkOnLeak('onLeak', onLeak),
    report: onlyValue('report', said.map(wantedReport)),
  };
}

function onlyValue<Name extends SingleName>(
  name: Name,
  said: readonly RememberedOptions[],
): RunPoolOptions[Name] {
  const given = said.filter(({ options }) => options[name] !== undefined);
  const values = new Set(given.map(({ options }) => JSON.stringify(options[name])));
  if (values.size > 1) throw disagreement(name, given);
  return given[0]?.options[name];
}

/** Runners evaluate their configurations in an order that varies; the message does not. */
function disagreement(name: SingleName, given: readonly RememberedOptions[]): InvalidOptionError {
  const places = new Set(given.map(({ origin, options }) => `${JSON.stringify(options[name])} in ${origin}`));
  const [first, ...others] = [...places].toSorted();
  const elsewhere = others.map((place) => place.replace(' in a call of ', ' in another call of '));
  return new InvalidOptionError({
    option: name,
    value: given.map(({ options }) => options[name]),
    expected:
      'one value for the whole run, whose pool serves all its projects: set it in one place (Vitest: the root configuration)',
    problem: `is ${first}, but ${elsewhere.join(' and ')}`,
  });
}

/** One that wants none leaves it to the others. */
function wantedReport({ origin, options }: RememberedOptions): RememberedOptions {
  const report = checkReport(options.report);
  return { origin, options: { report: report?.folder === undefined ? report && true : report } };
}

/** What is no iterable of numbers stays, and is refused with the other values that are no port. */
function membersOf(excludedPorts: Iterable<number> = []): number[] {
  const isIterable = typeof excludedPorts !== 'string' && Symbol.iterator in Object(excludedPorts);
  return isIterable ? [...excludedPorts] : [excludedPorts as never];
}
