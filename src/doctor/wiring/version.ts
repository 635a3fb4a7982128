/** Versions, as far as the package.json of portslice asks for them: `>=1.50`. */

export function isAtLeast(version: string, minimum: string): boolean {
  const wanted = numbersOf(minimum);
  const given = numbersOf(version);
  const place = wanted.findIndex((number, at) => number !== (given[at] ?? 0));
  return place === -1 || (given[place] ?? 0) > (wanted[place] ?? 0);
}

/** Of a prerelease as of its release: who tries 5.0.0-beta.1 wants what 5.0 has. */
function numbersOf(version: string): number[] {
  return version
    .replace(/^[^\d]*/, '')
    .replace(/[-+].*$/, '')
    .split('.')
    .map(Number);
}
