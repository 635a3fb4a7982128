/** Loads the allocator with the first port: a test file that uses none pays nothing. */
import type { DispenserFacts, PortDispenser } from './port-dispenser.ts';

let loaded: typeof import('./port-dispenser.ts') | undefined;

export async function openDispenser(facts: DispenserFacts): Promise<PortDispenser> {
  loaded ??= await import('./port-dispenser.ts');
  return new loaded.PortDispenser(facts);
}
