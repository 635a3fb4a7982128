/** Loads the allocator with the first port: a test file that uses none pays nothing. */
import type * as Dispensing from './port-dispenser.ts';

let loaded: typeof Dispensing | undefined;

export async function openDispenser(facts: Dispensing.DispenserFacts): Promise<Dispensing.PortDispenser> {
  loaded ??= await import('./port-dispenser.ts');
  return new loaded.PortDispenser(facts);
}
