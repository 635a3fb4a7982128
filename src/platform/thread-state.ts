/**
 * State that there is once in a thread, however many copies of this module it evaluates: Vitest's vm pools
 * evaluate it anew for every test file. It hangs on `process`, which each thread has one of and all contexts share.
 */

// Raise the number whenever the shape of any value kept here changes.
const KEY = Symbol.for('portslice/thread-state/3');

type Holder = { [KEY]?: Map<string, unknown> };

/** The thread's value of that name, made on first use. */
export function threadState<T>(name: string, create: () => T): T {
  const holder = process as unknown as Holder;
  const states = (holder[KEY] ??= new Map());
  const state = states.get(name);
  if (state !== undefined || states.has(name)) return state as T;
  const created = create();
  states.set(name, created);
  return created;
}
