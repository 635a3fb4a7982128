/**
 * What is in the way of which bind, in the model as in Linux (see test/platform/linux/hold.test.ts): a strict hold fails
 * beside everything that is bound, one over leftovers fails beside all but them, and no hold keeps a socket from listening
 * that was bound before.
 */
import { describe, expect, test } from 'vitest';
import { Kind, ModelKernel, NONE, type OperationName } from './model-kernel.ts';
import { LINUX } from './scenario.ts';

const PORT = 0;
const ACTOR = 0;
const NOBODY = { lateServer: false, stranger: true, leftovers: false };

/** An actor who has the port's lock, and what else there is. */
function open(outsiders: Partial<typeof NOBODY> = {}, abilities = LINUX): [ModelKernel, number[]] {
  const actor = { process: 0, isWorkerThread: false, slice: 0, hold: true, statements: [] };
  const model = new ModelKernel(1, 1, [actor], abilities);
  const state = model.initialState({ ...NOBODY, ...outsiders });
  take(model, state, 'lock');
  return [model, state];
}

function take(model: ModelKernel, state: number[], name: OperationName): boolean {
  return model.apply(state, ACTOR, { name, a: PORT, b: 0, c: 0 }) !== NONE;
}

const HOLDS = ['hold', 'hold over leftovers', 'check', 'check over leftovers'] as const;

describe('in the model of the kernel', () => {
  test.each(HOLDS)('a %s fails beside a stranger who is bound, and beside one who listens', (name) => {
    const [model, state] = open();
    model.strangerBinds(state, PORT);
    expect(take(model, state, name)).toBe(false);
    model.strangerListens(state, PORT);
    expect(take(model, state, name)).toBe(false);
    model.strangerEnds(state, PORT);
    expect(take(model, state, name)).toBe(true);
  });

  test('only what passes over leftovers does not find them in its way', () => {
    const taken = HOLDS.filter((name) => take(...open({ leftovers: true }), name));
    expect(taken).toEqual(['hold over leftovers', 'check over leftovers']);
  });

  test('the system gives no stranger a port that is held', () => {
    const [model, state] = open();
    expect(model.canStrangerBind(state, PORT)).toBe(true);
    expect(take(model, state, 'hold')).toBe(true);
    expect(model.canStrangerBind(state, PORT)).toBe(false);
  });

  test('a hold that has SO_REUSEADDR before its bind does not see a stranger, who can then listen', () => {
    const [model, state] = open({}, { ...LINUX, holds: 'beside binds' });
    model.strangerBinds(state, PORT);
    expect(take(model, state, 'hold')).toBe(true);
    expect(model.openedBy(state, ACTOR).map(({ kind }) => kind)).toEqual([Kind.lock, Kind.hold]);
    expect(model.canStrangerListen(state, PORT)).toBe(true);
  });
});
