/**
 * What has to be true when every actor has finished or crashed: whoever comes then gets every port, nobody has a
 * descriptor too many, and the count of claims is right.
 */
import type { ActorStates } from './actor-states.ts';
import { Kind, type ModelKernel, Violation } from './model-kernel.ts';
import { nameOf } from './moves.ts';
import { Idle } from './replay.ts';
import type { ActorPlan } from './scenario.ts';

export const CRASHED = -1;
const MAX_STEPS_ALONE = 5_000;

interface Examination {
  /** By how much the count of claims is too high after everything was given back. */
  readonly countError: number;
}

/** @throws Violation */
export function examineEnd(
  model: ModelKernel,
  actorStates: ActorStates,
  end: readonly number[],
  endLocals: readonly number[],
  newcomer: number,
): Examination {
  const shared = [...end];
  const locals = [...endLocals, newcomer];
  const last = endLocals.length;
  /** Has the actor do one more thing, alone. */
  const perform = (actor: number, request: number): void => {
    let local = actorStates.after(locals[actor] as number, request);
    for (let step = 0; !actorStates.isIdle(local); step++) {
      if (step === MAX_STEPS_ALONE)
        throw new Violation(`${nameOf(actor)} does not finish, though it is alone`);
      local = actorStates.after(local, model.apply(shared, actor, actorStates.outcome(local).operation));
    }
    locals[actor] = local;
  };

  expectNothingLost(model, actorStates, shared, locals);
  endProcesses(model, shared, locals);
  locals.forEach((local, actor) => {
    if (local !== CRASHED && actorStates.outcome(local).owned.length > 0) perform(actor, Idle.giveBack);
  });
  for (let port = 0; port < model.portCount; port++) {
    model.stopServer(shared, port);
    model.strangerEnds(shared, port);
    model.leftoversEnd(shared, port);
  }
  const owned = (): number => actorStates.outcome(locals[last] as number).owned.length;
  // Sealed ports are freed one at a time, by those who have them, when they see that others look for ports.
  for (let round = 0; round <= model.portCount && owned() < model.portCount; round++) {
    for (let missing = model.portCount - owned(); missing > 0; missing--) perform(last, Idle.claimAgain);
    locals.forEach((local, actor) => {
      if (local !== CRASHED && actor !== last) perform(actor, Idle.lookForPressure);
    });
  }
  if (owned() < model.portCount)
    throw new Violation(`only ${owned()} of ${model.portCount} ports can be claimed`);
  locals.forEach((local, actor) => {
    if (local !== CRASHED) perform(actor, Idle.giveBack);
  });
  expectNothingLost(model, actorStates, shared, locals);
  for (let port = 0; port < model.portCount; port++) {
    if (((shared[model.words.states + port] as number) & 15) !== 0)
      throw new Violation(`the record of port ${port} does not say free, though nobody has it`);
  }
  return { countError: shared[model.words.currentClaims] as number };
}

/** Who lives has the locks and holds of the ports that are its own by their records, and no other descriptors. */
function expectNothingLost(
  model: ModelKernel,
  actorStates: ActorStates,
  shared: readonly number[],
  locals: readonly number[],
): void {
  locals.forEach((local, actor) => {
    if (local === CRASHED) return;
    const { kept } = actorStates.outcome(local);
    const open = model.openedBy(shared, actor);
    const locked = open.filter(({ kind }) => kind === Kind.lock).map(({ port }) => port);
    const held = open.filter(({ kind }) => kind === Kind.hold || kind === Kind.seal).map(({ port }) => port);
    const ofClaims = kept.filter((port) => locked.includes(port));
    const holds = new Set(held.filter((port) => ofClaims.includes(port)));
    const count = ofClaims.length + holds.size;
    if (ofClaims.length !== kept.length || open.length !== count)
      throw new Violation(`${nameOf(actor)} has ${open.length} descriptors open, ${count} of claims`);
  });
}

/** A process none of whose threads lives ends, and with it what they have left. */
function endProcesses(model: ModelKernel, shared: number[], locals: readonly number[]): void {
  const living = new Set(
    locals.flatMap((local, actor) => (local === CRASHED ? [] : [processOf(model, actor)])),
  );
  locals.forEach((_, actor) => {
    if (!living.has(processOf(model, actor))) model.tearDown(shared, processOf(model, actor));
  });
}

function processOf(model: ModelKernel, actor: number): number {
  return (model.actors[actor] as ActorPlan).process;
}
