/** Loads what starts servers with the first one: a test file that starts none pays nothing. */
import type { StartServerOptions } from '../server/server-options.ts';
import type { DispenserFacts } from './port-dispenser.ts';
import type * as Serving from './server-dispenser.ts';

let loaded: typeof Serving | undefined;

async function load(): Promise<typeof Serving> {
  return (loaded ??= await import('./server-dispenser.ts'));
}

/** @param options what its `start()` starts */
export async function openServers(
  facts: DispenserFacts,
  options: StartServerOptions | undefined,
): Promise<Serving.ServerDispenser> {
  const { ServerDispenser } = loaded ?? (await load());
  return new ServerDispenser(facts, options);
}

/** For a fixture that has nothing to start. */
export async function noServerError(fixture: string, option: string): Promise<Error> {
  const { noServerError: errorOf } = await load();
  return errorOf(`the fixture '${fixture}'`, option);
}
