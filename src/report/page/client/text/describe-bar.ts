/** What a bar says when it is pointed at or has the focus. */
import type { Bar } from '../model/timeline.ts';
import { formatDuration } from './format.ts';
import { placeOf, titleOf, visible } from './visible.ts';

export type Fact = readonly [name: string, value: string];

export function headingOf({ test, scope, worker }: Bar): string {
  if (test !== undefined) return titleOf(test.titles);
  return scope === 'run'
    ? 'A port of the run'
    : `A port of ${scope === 'file' ? 'a file' : 'the worker'} (worker ${worker})`;
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
    test && ['Test', `${test.outcome}${test.retry === 0 ? '' : `, retry ${test.retry}`}`],
  ];
  return facts.filter((fact) => fact !== undefined);
}

export function describeBar(bar: Bar): string {
  const facts = factsOf(bar).map(([name, value]) => `${name}: ${value}`);
  return [headingOf(bar), `worker ${bar.worker}`, ...facts].join('. ');
}

function readiness({ server }: Bar): string {
  const ready = server?.readyAfterMs;
  return ready === undefined ? 'never ready' : `ready after ${formatDuration(ready)}`;
}

export function stateText({ state, leakedBy }: Bar['use']): string {
  if (state === undefined) return 'not known';
  const names = leakedBy.map(
    ({ command, processId }) => `${visible(command ?? 'unknown', 120)} (pid ${processId ?? '?'})`,
  );
  return names.length === 0 ? state : `${state}: ${names.join(', ')} still listened`;
}
