/** What the text of a runner's configuration tells of the pool of its runs. */
import { findFileFrom, findPackageFrom } from '../../platform/own-package.ts';
import { type Configuration, readConfiguration } from './config-source.ts';
import { failed, type Finding, ok, warning } from './finding.ts';
import type { Project } from './project.ts';
import { calls, namesOfExport, specifiersOf } from './source-text.ts';

export interface RunnerConfiguration {
  readonly title: string;
  /** Of the runner. */
  readonly packages: readonly string[];
  /** Of its configuration, without endings, in the order in which the runner looks. */
  readonly names: readonly string[];
  readonly globalSetup: string;
  readonly wiring: { readonly module: string; readonly exportName: string; readonly call: string };
  /** How to wire it, as a clause: 'add it to ...'. */
  readonly howTo: string;
}

const NOT_ONE_POOL = 'so each worker makes a pool of its own, and a warning says so';

export function lookAtConfiguration(project: Project, runner: RunnerConfiguration): Finding | undefined {
  const { title, packages, names, howTo, wiring } = runner;
  const configuration = readConfiguration(project, names);
  const isInstalled = packages.some((name) => project.find(name) !== undefined);
  const isAskedFor = packages.some((name) => project.asksFor(name));
  if (configuration === undefined)
    return isInstalled && isAskedFor
      ? warning(
          `${title} has no configuration here, ${NOT_ONE_POOL}`,
          `Start the doctor in the folder of its configuration, or write one, and ${howTo}`,
        )
      : undefined;
  if (!isInstalled) return undefined;
  const file = project.nameOf(configuration.file);
  if (configuration.files.length === 0)
    return warning(
      `${file} cannot be read, so that it is not known whether it uses ${wiring.call} of ${wiring.module}`,
      `Let this user read it, and look again. In doubt ${howTo}`,
    );
  const found = findWiring(configuration, runner);
  if (found === undefined) return describeAbsence(file, configuration, runner);
  const where = project.nameOf(found.file);
  const name = where === file ? file : `${file}, by ${where},`;
  const problem = findSetupProblem(found.file, where, runner);
  if (problem !== undefined) return problem;
  if (found.how === 'unclear')
    return warning(
      `It was not recognised whether ${name} uses ${wiring.call} of ${wiring.module}, which it imports`,
      `In doubt ${howTo}`,
    );
  return ok(`${name} makes one pool for all workers, by ${found.how}`);
}

interface FoundWiring {
  readonly file: string;
  /** In words; 'unclear': it imports it, and does what cannot be read. */
  readonly how: string;
}

function findWiring(
  { files }: Configuration,
  { globalSetup, wiring }: RunnerConfiguration,
): FoundWiring | undefined {
  const { module, exportName, call } = wiring;
  let unclear: FoundWiring | undefined;
  for (const source of files) {
    const { file, code } = source;
    if (calls(source, namesOfExport(source, module, exportName))) return { file, how: call };
    if (code.includes(globalSetup)) return { file, how: globalSetup };
    if (specifiersOf(source).includes(module)) unclear ??= { file, how: 'unclear' };
  }
  return unclear;
}

/** Whether the global setup, which makes the pool, is found from there. */
function findSetupProblem(
  file: string,
  name: string,
  { globalSetup }: RunnerConfiguration,
): Finding | undefined {
  if (findPackageFrom(file, 'portslice') === undefined)
    return failed(
      `${name} imports portslice, which is not installed there`,
      'Install it: npm install --save-dev portslice.',
    );
  return findFileFrom(file, globalSetup) === undefined
    ? failed(
        `${name} uses ${globalSetup}, which the portslice that is installed there does not have`,
        'Install it again: npm install --save-dev portslice@latest.',
      )
    : undefined;
}

/** They wire nothing. Any other package may be a preset that does. */
const KNOWN_PACKAGES =
  /^(?:@playwright\/|playwright(?:$|\/)|vitest(?:$|\/)|vite(?:$|\/)|@vitest\/|@vitejs\/|dotenv$)/;
/** Of Vitest: each has a configuration of its own. */
const HAS_PROJECTS = /\b(?:projects|workspace)\s*:/;

function describeAbsence(
  file: string,
  { files, packages }: Configuration,
  { wiring, howTo }: RunnerConfiguration,
): Finding {
  const others = packages.filter((name) => !KNOWN_PACKAGES.test(name));
  if (files.some(({ bare }) => HAS_PROJECTS.test(bare))) others.unshift('one of its projects');
  const what = `${wiring.call} of ${wiring.module}`;
  if (others.length === 0)
    return warning(`${file} does not use ${what}, ${NOT_ONE_POOL}`, `If its tests use ports, ${howTo}`);
  return warning(
    `It was not recognised that ${file} uses ${what}: only ${listed(others)} could add it`,
    `If its tests use ports, and nothing of this does, ${howTo}`,
  );
}

const SHOWN_COUNT = 3;

function listed(names: readonly string[]): string {
  const hidden = names.length - SHOWN_COUNT;
  return [...names.slice(0, SHOWN_COUNT), ...(hidden > 0 ? [`${hidden} more`] : [])].join(' or ');
}
