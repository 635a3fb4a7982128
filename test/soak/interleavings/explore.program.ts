/** Explores one scenario: `node explore.program.ts <folder of the product> <scenario> <most states>`. Prints the result as JSON. */
import { Explorer } from './explorer.ts';
import { interpose } from './interposition.ts';
import { loadProduct } from './product.ts';
import { scenarioOf } from './scenarios.ts';

const [folder, name, maxStates] = process.argv.slice(2) as [string, string, string];
interpose();
const product = await loadProduct(folder);
console.log(JSON.stringify(new Explorer(product, scenarioOf(name)).explore(Number(maxStates))));
