/** Of portslice. */
export function readVersion(): string {
  const { createRequire } = process.getBuiltinModule('node:module');
  const { version } = createRequire(import.meta.url)('portslice/package.json') as { version: string };
  return version;
}
