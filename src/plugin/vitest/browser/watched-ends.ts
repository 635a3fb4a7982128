/**
 * Ends that no page tells of: it was closed or has crashed, or the run was cancelled. A crashed page fires neither the end of
 * its module nor, always, an event of its own, so the end of the run and that of Vitest are watched, too.
 */
import type { BrowserCommandContext, Reporter, TestModule, TestProject, Vitest } from 'vitest/node';
import type { Served } from './served-dispensers.ts';

type EndWhere = (isOver: (served: Served) => boolean) => Promise<void>;

/** Playwright's, where that is the provider. */
interface Page {
  on(event: 'close' | 'crash', listener: () => void): unknown;
}

const pages = new WeakSet<Page>();
const reporters = new WeakMap<Vitest, Reporter>();

/** May be called often for each page and each Vitest. */
export function watchEnds(context: BrowserCommandContext, endWhere: EndWhere): void {
  const { project, sessionId } = context;
  const { page } = context as { readonly page?: Page };
  if (page !== undefined && !pages.has(page)) watchPage(page, sessionId, endWhere);
  watchRuns(project.vitest, endWhere);
}

function watchPage(page: Page, sessionId: string, endWhere: EndWhere): void {
  pages.add(page);
  for (const event of ['close', 'crash'] as const)
    page.on(event, () => void endWhere((served) => served.sessionId === sessionId));
}

function watchRuns(vitest: Vitest, endWhere: EndWhere): void {
  let reporter = reporters.get(vitest);
  if (reporter === undefined) {
    const endRun = (): Promise<void> => endWhere(({ project }) => project.vitest === vitest);
    reporter = {
      onTestModuleEnd: (module) => endWhere((served) => isOf(module, served)),
      onTestRunEnd: endRun,
    };
    reporters.set(vitest, reporter);
    vitest.onClose(endRun);
  }
  // A new configuration in watch mode makes new reporters.
  const { reporters: all } = vitest as unknown as { readonly reporters: Reporter[] };
  if (!all.includes(reporter)) all.push(reporter);
}

/** Without isolation the page goes on to the next file with what belongs to the worker. */
function isOf(module: TestModule, { project, testPath, servesOneTest }: Served): boolean {
  return project === module.project && testPath === module.moduleId && (servesOneTest || isolates(project));
}

function isolates({ config }: TestProject): boolean {
  // Vitest 4 has it there.
  const { isolate = config.isolate } = config.browser as { readonly isolate?: boolean };
  return isolate;
}
