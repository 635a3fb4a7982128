/** The only reader and writer of `process.env`. */

const POOL_VARIABLE = 'PORTSLICE_POOL';
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
  if (handle === undefined) delete process.env[POOL_VARIABLE];
  else process.env[POOL_VARIABLE] = handle;
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
