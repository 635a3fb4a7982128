/** Explores one scenario: `node explore.program.ts <scenario> <most states> [<seeded bug>]`. Prints the result as JSON. */
import { interpose } from './interposition.ts';
import { seedBug } from './seeded-bugs.ts';

const [scenario, maxStates, bug] = process.argv.slice(2) as [string, string, string?];
// Taken first: the product has another one.
const { setImmediate } = globalThis;
const mistakes = seedBug(bug);
interpose();
const { Explorer } = await import('./explorer.ts');
const { scenarioOf } = await import('./scenarios.ts');
// Promises wait for their turn as long as a module is evaluated; see replay.ts.
setImmediate(() => {
  const right = scenarioOf(scenario);
  const abilities = { ...right.abilities, ...mistakes };
  const exploration = new Explorer({ ...right, abilities }).explore(Number(maxStates));
  console.log(JSON.stringify(exploration));
});
