/** Numbers and times as people read them. */

const whole = new Intl.NumberFormat('en');

export function formatCount(count: number): string {
  return whole.format(count);
}

/** '1 port', '2 ports'. */
export function plural(count: number, one: string, many: string = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** '0.4 ms', '38 ms', '1.25 s', '2 min 5 s', '1 h 3 min'. */
export function formatDuration(ms: number): string {
  if (ms < 0) return `-${formatDuration(-ms)}`;
  if (ms < 10) return `${Number(ms.toFixed(1))} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 9_995) return `${(ms / 1_000).toFixed(2)} s`;
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return joinUnits(Math.floor(seconds / 60), 'min', seconds % 60, 's');
  const minutes = Math.round(seconds / 60);
  return joinUnits(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
}

function joinUnits(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

const dateAndTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

export function formatDate(atMs: number): string {
  return dateAndTime.format(atMs);
}

/** '20100', '20100-20199'. */
export function formatRange({
  firstPort,
  lastPort,
}: {
  readonly firstPort: number;
  readonly lastPort: number;
}): string {
  return firstPort === lastPort ? String(firstPort) : `${firstPort}-${lastPort}`;
}
