/** What a bar says when it is pointed at or has the focus. */
import type { TestReport } from '../../../format.ts';
import type { Bar } from '../model/timeline.ts';
import { formatDuration } from './format.ts';
import { workerName } from './machine.ts';
import { placeOf, titleOf, visible } from './visible.ts';

export type Fact = readonly [name: string, value: string];

export function headingOf(bar: Bar): string {
  return bar.test === undefined ? `A port of ${sharerOf(bar)}` : titleOf(bar.test.titles);
}

/** Of a port that is not a test's: 'the run', 'worker 2', 'the file tests/cart.spec.ts'. */
export function sharerOf({ shared, worker }: Bar): string {
  if (shared?.scope === 'run') return 'the run';
  return shared?.file === undefined ? workerName(worker) : `the file ${visible(shared.file, 120)}`;
}

export function factsOf(bar: Bar): Fact[] {
  const { use, test, server } = bar;
  const held = formatDuration(bar.toMs - bar.heldFromMs);
  const facts: (Fact | undefined)[] = [
    ['Port', `${use.port} (${visible(use.fixture)}${use.borrowed ? ', borrowed' : ''})`],
    test && ['File', visible(placeOf(test.file, test.line))],
    use.waitedMs > 0 ? ['Waited', formatDuration(use.waitedMs)] : undefined,
    ['Held', use.releasedAtMs === undefined ? `${held}, the release was not seen` : held],
    server && ['Server', `${visible(server.command, 120)}, ${readiness(bar)}`],
    ['State', stateText(use)],
    test && ['Test', outcomeText(test)],
  ];
  return facts.filter((fact) => fact !== undefined);
}

export function describeBar(bar: Bar): string {
  const facts = factsOf(bar).map(([name, value]) => `${name}: ${value}`);
  return [headingOf(bar), workerName(bar.worker), ...facts].join('. ');
}

function readiness({ server }: Bar): string {
  const ready = server?.readyAfterMs;
  return ready === undefined ? 'never ready' : `ready after ${formatDuration(ready)}`;
}

export function stateText({ state, leakedBy }: Bar['use']): string {
  if (state === undefined) return 'not known';
  const names = leakedBy.map(processText);
  return names.length === 0 ? state : `${state}: ${names.join(', ')} still listened`;
}

/** 'node server.js (pid 812)'. */
export function processText({ command, processId }: Bar['use']['leakedBy'][number]): string {
  return `${visible(command ?? 'unknown', 120)} (pid ${processId ?? '?'})`;
}

/** 'passed', 'failed, retry 1'. */
export function outcomeText({ outcome, retry }: TestReport): string {
  return retry === 0 ? outcome : `${outcome}, retry ${retry}`;
}
