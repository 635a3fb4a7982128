/**
 * Whether somebody makes a report of this run, so that its workers have to tell more: a reporter of ours says so when it is made, before the
 * global setup. Kept on `process`: Vitest can load this file twice.
 */
interface Holder {
  isWanted?: boolean;
  reporters?: WeakSet<object>;
}

function thisProcess(): Holder {
  const key = Symbol.for('portslice/report-wanted');
  const holder = process as { [key]?: Holder };
  return (holder[key] ??= {});
}

export function wantReport(): void {
  thisProcess().isWanted = true;
}

/** Its class may come from another copy of this module, and a bundler may call it otherwise. */
export function noteReporter(reporter: object): void {
  (thisProcess().reporters ??= new WeakSet()).add(reporter);
}

export function isOurReporter(reporter: object): boolean {
  return thisProcess().reporters?.has(reporter) === true;
}

export function isReportWanted(): boolean {
  return thisProcess().isWanted === true;
}
