/** The only reader and writer of `process.env`. */

const POOL_VARIABLE = 'PORTSLICE_POOL';
export const ON_LEAK_VARIABLE = 'PORTSLICE_ON_LEAK';
const RUN_FACTS_VARIABLE = 'PORTSLICE_RUN_FACTS';
export const RUN_PORTS_VARIABLE = 'PORTSLICE_RUN_PORTS';

/** An empty variable counts as unset. */
export function readVariable(name: string): string | undefined {
  const value = process.env[name];
  return value === undefined || value === '' ? undefined : value;
}

/** The handle that the run's main process has published. */
export function publishedPoolHandle(): string | undefined {
  return readVariable(POOL_VARIABLE);
}

/** Publishes the handle to all processes and threads that are started from now on; undefined takes it back. */
export function publishPoolHandle(handle: string | undefined): void {
  publishVariable(POOL_VARIABLE, handle);
}

/** Sets the variable for this process and all that it starts from now on; undefined takes it back. */
export function publishVariable(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}

/** What the main process tells its workers of the run, where somebody makes a report of it: they pass it on as it is. */
export function publishedRunFacts(): string | undefined {
  return readVariable(RUN_FACTS_VARIABLE);
}

/** Publishes it to all processes and threads that are started from now on; undefined takes it back. */
export function publishRunFacts(facts: string | undefined): void {
  publishVariable(RUN_FACTS_VARIABLE, facts);
}

/** The table of the run ports of the process that this one was started by, or is. */
export function publishedRunPorts(): string | undefined {
  return readVariable(RUN_PORTS_VARIABLE);
}

/** Publishes the table to all processes and threads that are started from now on. */
export function publishRunPorts(table: string): void {
  process.env[RUN_PORTS_VARIABLE] = table;
}

export function copyEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env };
}

/** A copy of the environment with the handle in it, if there is one. */
export function environmentWithPool(
  handle: string | undefined,
  overrides: NodeJS.ProcessEnv = process.env,
): NodeJS.ProcessEnv {
  return handle === undefined ? { ...overrides } : { ...overrides, [POOL_VARIABLE]: handle };
}

/**
 * The environment of a program that is started here: that of this process, changed as given. undefined removes a variable.
 * Programs of the packages in and above the folder are found by their names, as in npm's scripts.
 */
export function environmentOfProgram(
  changes: Readonly<Record<string, string | undefined>>,
  cwd: string,
): Record<string, string | undefined> {
  const environment: Record<string, string | undefined> = { ...process.env, ...changes };
  // Windows calls it Path.
  const name = Object.keys(environment).find((key) => key.toUpperCase() === 'PATH') ?? 'PATH';
  // An empty part would be the working directory.
  environment[name] = [...programFolders(cwd), environment[name] || []].flat().join(pathDelimiter());
  return environment;
}

function programFolders(cwd: string): string[] {
  const { dirname, join, resolve } = process.getBuiltinModule('node:path');
  const folders: string[] = [];
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    folders.push(join(folder, 'node_modules', '.bin'));
    if (dirname(folder) === folder) break;
  }
  // `node` is the one that runs this.
  return [...folders, dirname(process.execPath)];
}

function pathDelimiter(): string {
  return process.getBuiltinModule('node:path').delimiter;
}
