/** How long something is there already, in the two largest units: '45s', '2m 13s', '3h 5m', '4d 2h'. */

const UNITS: readonly (readonly [name: string, seconds: number])[] = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
  ['s', 1],
];

/** A clock that was set back makes nothing younger than now. */
export function formatAge(ageMs: number): string {
  const seconds = Math.max(0, Math.floor(ageMs / 1000));
  const first = UNITS.findIndex(([, size]) => seconds >= size);
  const [largest, next] = UNITS.slice(first === -1 ? UNITS.length - 1 : first);
  if (largest === undefined) return '0s';
  const rest = next === undefined ? 0 : Math.floor((seconds % largest[1]) / next[1]);
  const head = `${Math.floor(seconds / largest[1])}${largest[0]}`;
  return next === undefined || rest === 0 ? head : `${head} ${rest}${next[0]}`;
}
