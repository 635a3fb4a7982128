/** The version of this package. */
export function ownVersion(): string {
  const { createRequire } = process.getBuiltinModule('node:module');
  return (
    createRequire(import.meta.url ?? __filename)('portslice/package.json') as { readonly version: string }
  ).version;
}
