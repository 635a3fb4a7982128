/** Loads the allocator with the first port: a test file that uses none pays nothing. */
import type * as Dispensing from './port-dispenser.ts';

let loaded: typeof Dispensing | undefined;

async function load(): Promise<typeof Dispensing> {
  return (loaded ??= await import('./port-dispenser.ts'));
}

export async function openDispenser(facts: Dispensing.DispenserFacts): Promise<Dispensing.PortDispenser> {
  const { PortDispenser } = loaded ?? (await load());
  return new PortDispenser(facts);
}

/** For `acquirePort` where there is no test whose end could be the end of the port. */
export async function noTestError(problem: string, fix: string): Promise<Error> {
  const { NoTestError } = await load();
  return new NoTestError({ problem, fix });
}
