/** Values of tests: Vitest's vm pools and jsdom have classes of their own, so that `instanceof` knows none of theirs. */

export function isRegExp(value: unknown): value is RegExp {
  return process.getBuiltinModule('node:util').types.isRegExp(value);
}

export function isPromise(value: unknown): value is Promise<unknown> {
  return process.getBuiltinModule('node:util').types.isPromise(value);
}
