/** The only reader and writer of `process.env`. */

const POOL_VARIABLE = 'PORTSLICE_POOL';

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
  if (handle === undefined) delete process.env[POOL_VARIABLE];
  else process.env[POOL_VARIABLE] = handle;
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
  environment[name] = [...programFolders(cwd), environment[name] ?? ''].join(pathDelimiter());
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
