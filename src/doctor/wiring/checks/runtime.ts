/** Node, or what stands in for it. */
import { ok, failed, warning, type WiringCheck } from '../finding.ts';
import { isAtLeast } from '../version.ts';

/** SYNC: engines in package.json. */
const OLDEST_NODE = '20.19';
/** Playwright before this hangs on newer versions of Node, at a configuration that is an ES module. */
const PLAYWRIGHT_OF_NEW_NODE = '1.54';
const NEW_NODE = '24';

export const runtime: WiringCheck = {
  name: 'runtime',
  look: (project) => {
    const { node, bun, deno } = process.versions;
    const name = bun === undefined ? (deno === undefined ? `Node ${node}` : `Deno ${deno}`) : `Bun ${bun}`;
    if (!isAtLeast(node, OLDEST_NODE))
      return failed(`${name} is too old`, `Use Node ${OLDEST_NODE} or later.`);
    const playwright = project.find('playwright-core')?.manifest.version;
    if (
      playwright !== undefined &&
      isAtLeast(node, NEW_NODE) &&
      !isAtLeast(playwright, PLAYWRIGHT_OF_NEW_NODE)
    )
      return warning(
        `Playwright ${playwright} hangs on ${name} at a configuration that is an ES module`,
        `Use Playwright ${PLAYWRIGHT_OF_NEW_NODE} or later, Node 22, or a configuration in CommonJS.`,
      );
    return ok(`${name} is supported`);
  },
};
