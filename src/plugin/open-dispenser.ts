/** Loads the allocator with the first port: a test file that uses none pays nothing. */
import type { DispenserFacts, PortDispenser } from './port-dispenser.ts';

export async function openDispenser(facts: DispenserFacts): Promise<PortDispenser> {
  const module = await import('./port-dispenser.ts');
  return new module.PortDispenser(facts);
}
