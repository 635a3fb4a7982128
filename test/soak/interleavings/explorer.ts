/**
 * Explores every order in which the actors of a scenario can take their steps, with a crash possible after each of them,
 * breadth first: the first violation that it finds has the shortest history.
 *
 * A state is what actors share and where each of them is. Every path ends, since an actor never comes back to a state of
 * its own: so every actor finishes, whatever the others do, in at most as many of its own steps as are counted.
 */
import { PortState, stateOf } from '../../../src/core/port-state.ts';
import { ActorStates } from './actor-states.ts';
import { CRASHED, examineEnd } from './end.ts';
import { Kind, ModelKernel, Violation } from './model-kernel.ts';
import { describeMove, kindOf, MoveKind, moveOf, nameOf, objectOf, subjectOf } from './moves.ts';
import { createPool } from './pool.ts';
import type { ActorPlan, Scenario } from './scenario.ts';
import { SharedStates } from './shared-states.ts';
import { StateStore } from './state-store.ts';

export interface Exploration {
  readonly scenario: string;
  readonly stateCount: number;
  readonly transitionCount: number;
  readonly sharedStateCount: number;
  readonly actorStateCount: number;
  readonly endCount: number;
  /** The most steps that any actor needs to finish, whatever the others do. */
  readonly maxStepCount: number;
  readonly events: readonly string[];
  /** By how much the pool's count of claims can be wrong in the end. */
  readonly countErrors: readonly number[];
  readonly violation: { readonly problem: string; readonly steps: readonly string[] } | undefined;
}

const SLICE_COUNT = 4;

export class Explorer {
  readonly #scenario: Scenario;
  readonly #model: ModelKernel;
  readonly #actorStates: ActorStates;
  readonly #actorCount: number;
  readonly #store: StateStore;
  readonly #sharedStates: SharedStates;
  readonly #hasServers: boolean;
  readonly #hasOutsiders: boolean;
  readonly #joinsQuietSteps: boolean;
  /** Of the state that is being expanded: where each actor is, and what can happen. */
  readonly #locals: number[] = [];
  readonly #moves: number[] = [];
  /** The row of the state that follows. */
  readonly #found: number[] = [];
  /** By shared state and actor's state: what it rightly owns. */
  readonly #ownedPorts: Map<number, number>[] = [];
  readonly #examined = new Set<string>();
  readonly #countErrors = new Set<number>();
  #transitionCount = 0;
  #endCount = 0;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.#actorCount = scenario.actors.length;
    // The one who comes last and finds out what the others have left.
    const newcomer: ActorPlan = {
      process: Math.max(...scenario.actors.map((actor) => actor.process)) + 1,
      isWorkerThread: false,
      slice: 1,
      hold: true,
      statements: [],
    };
    const sharedProcess = scenario.actors.find((actor) => actor.isWorkerThread);
    const actors = [
      ...scenario.actors,
      sharedProcess === undefined
        ? newcomer
        : { ...newcomer, process: sharedProcess.process, isWorkerThread: true },
    ];
    this.#model = new ModelKernel(scenario.portCount, SLICE_COUNT, actors, scenario.abilities);
    const pool = createPool(scenario, this.#model);
    this.#sharedStates = new SharedStates(this.#model);
    this.#actorStates = new ActorStates(this.#model, pool, this.#sharedStates);
    this.#hasServers =
      scenario.lateServer ||
      scenario.actors.some(({ statements }) =>
        statements.some((statement) => statement.startsWith('listen')),
      );
    const leavesNothing =
      scenario.crash !== 'gradually' && scenario.actors.every(({ isWorkerThread }) => !isWorkerThread);
    this.#hasOutsiders = scenario.stranger || scenario.leftovers;
    this.#joinsQuietSteps =
      scenario.joinsQuietSteps && leavesNothing && !this.#hasServers && !this.#hasOutsiders;
    this.#store = new StateStore(1 + this.#actorCount, 1 + this.#actorCount + 2);
  }

  explore(maxStates: number): Exploration {
    const first = Array.from({ length: this.#actorCount }, (_, actor) => this.#actorStates.first(actor));
    const newcomer = this.#actorStates.first(this.#actorCount);
    const shared = this.#model.initialState(this.#scenario);
    this.#store.add([this.#sharedStates.intern(shared), ...first, -1, -1]);
    for (let row = 0; row < this.#store.count; row++) {
      if (this.#store.count > maxStates) throw new Error(`more than ${maxStates} states`);
      const problem = this.#expand(row, newcomer);
      if (problem !== undefined) return this.#report(problem);
    }
    this.#actorStates.checkMerges();
    return this.#report();
  }

  /** Takes every possible step from the state. */
  #expand(row: number, newcomer: number): Problem | undefined {
    const shared = this.#store.at(row, 0);
    const locals = this.#locals;
    for (let actor = 0; actor < this.#actorCount; actor++) locals[actor] = this.#store.at(row, 1 + actor);
    this.#findMoves(shared);
    if (this.#isEnd()) {
      const problem = this.#examine(shared, newcomer);
      if (problem !== undefined) return { problem, row };
    }
    for (const move of this.#moves) {
      this.#transitionCount++;
      for (let actor = 0; actor < this.#actorCount; actor++) locals[actor] = this.#store.at(row, 1 + actor);
      try {
        const next = this.#make(move, shared);
        this.#check(next);
        this.#found[0] = next;
      } catch (error) {
        return { problem: textOf(error), row, move };
      }
      for (let actor = 0; actor < this.#actorCount; actor++) this.#found[1 + actor] = locals[actor] as number;
      this.#found[1 + this.#actorCount] = row;
      this.#found[2 + this.#actorCount] = move;
      this.#store.add(this.#found);
    }
    return undefined;
  }

  /** Whether nobody has anything left to do. */
  #isEnd(): boolean {
    return !this.#moves.some((move) => kindOf(move) === MoveKind.step || kindOf(move) === MoveKind.tearDown);
  }

  #findMoves(shared: number): void {
    const moves = this.#moves;
    moves.length = 0;
    let crashedCount = 0;
    for (const local of this.#locals) if (local === CRASHED) crashedCount++;
    const mayCrash = this.#scenario.crash !== 'never' && crashedCount < this.#scenario.maxCrashes;
    for (let actor = 0; actor < this.#actorCount; actor++) {
      const local = this.#locals[actor] as number;
      if (local === CRASHED) {
        this.#pushRemains(shared, actor);
        continue;
      }
      const isIdle = this.#actorStates.isIdle(local);
      if (!isIdle) moves.push(moveOf(MoveKind.step, actor));
      // Who has finished and has nothing cannot lose anything by dying.
      if (mayCrash && (!isIdle || this.#actorStates.outcome(local).hasDescriptors)) {
        moves.push(moveOf(MoveKind.crash, actor));
      }
    }
    if (this.#hasServers) this.#pushServers(this.#sharedStates.values(shared));
    if (this.#hasOutsiders) this.#pushOutsiders(this.#sharedStates.values(shared));
  }

  #pushOutsiders(values: readonly number[]): void {
    for (let port = 0; port < this.#model.portCount; port++) {
      const push = (kind: Parameters<typeof moveOf>[0]): unknown => this.#moves.push(moveOf(kind, port));
      if (this.#model.canStrangerBind(values, port)) push(MoveKind.strangerBinds);
      if (this.#model.canStrangerListen(values, port)) push(MoveKind.strangerListens);
      if (this.#model.hasStranger(values, port)) push(MoveKind.strangerEnds);
      if (this.#model.hasLeftovers(values, port)) push(MoveKind.leftoversEnd);
    }
  }

  /** What the kernel has not done yet for an actor that has crashed. */
  #pushRemains(shared: number, actor: number): void {
    if (this.#scenario.crash !== 'gradually') return;
    const values = this.#sharedStates.values(shared);
    if (this.#model.isAlive(values, actor)) this.#moves.push(moveOf(MoveKind.die, actor));
    if (this.#isThread(actor)) return;
    const { process } = this.#model.actors[actor] as ActorPlan;
    for (const slot of this.#model.openSlots(values, process))
      this.#moves.push(moveOf(MoveKind.tearDown, process, slot));
  }

  #pushServers(values: readonly number[]): void {
    for (let port = 0; port < this.#model.portCount; port++) {
      const server = this.#model.serverOf(values, port);
      if (server !== -1 && !this.#owns(server, port)) this.#moves.push(moveOf(MoveKind.stopServer, port));
      for (let actor = 0; actor < this.#actorCount; actor++) {
        const local = this.#locals[actor] as number;
        if (local === CRASHED || !this.#actorStates.outcome(local).released.includes(port)) continue;
        if (this.#model.canListenLate(values, actor, port))
          this.#moves.push(moveOf(MoveKind.listenLate, actor, port));
      }
    }
  }

  #isThread(actor: number): boolean {
    return (this.#model.actors[actor] as ActorPlan).isWorkerThread;
  }

  #owns(actor: number, port: number): boolean {
    const local = this.#locals[actor] as number;
    return local !== CRASHED && this.#actorStates.outcome(local).owned.some((owned) => owned.port === port);
  }

  /** @returns the shared state that follows @throws Violation */
  #make(move: number, shared: number): number {
    const [kind, subject] = [kindOf(move), subjectOf(move)];
    if (kind === MoveKind.step) return this.#step(subject, shared);
    if (kind === MoveKind.crash) this.#locals[subject] = CRASHED;
    const change = this.#sharedStates.changeOf(subject, { name: 'idle', a: move, b: 1, c: 0 });
    return this.#sharedStates.change(shared, change, (values) => this.#befall(move, values));
  }

  #step(actor: number, before: number): number {
    let shared = before;
    let local = this.#locals[actor] as number;
    do {
      const result = this.#sharedStates.apply(
        shared,
        this.#actorStates.changeOf(local),
        actor,
        this.#actorStates.outcome(local).operation,
      );
      shared = this.#sharedStates.nextOf(result);
      local = this.#actorStates.after(local, this.#sharedStates.answerOf(result));
    } while (this.#isQuiet(actor, local, shared));
    this.#locals[actor] = local;
    return shared;
  }

  /**
   * Whether the actor can take its next step together with the last one, because it concerns nobody else. On a port,
   * only the one who has its lock binds a TCP socket (the model sees to that), so holds are nobody else's business, and a crash takes
   * them away with the lock. That is so only while there are no servers, and if a crash leaves nothing.
   */
  #isQuiet(actor: number, local: number, shared: number): boolean {
    if (!this.#joinsQuietSteps) return false;
    const { operation, owned } = this.#actorStates.outcome(local);
    const { name, a } = operation;
    // Whoever owns a port is to be seen owning it.
    if (owned.length > 0) return false;
    if (name === 'hold' || name === 'check' || name === 'probe' || name === 'probe beside') return true;
    return name === 'close' && this.#model.kindOf(this.#sharedStates.values(shared), actor, a) === Kind.hold;
  }

  /** What happens without a step of an actor. */
  #befall(move: number, values: number[]): void {
    const [subject, object] = [subjectOf(move), objectOf(move)];
    switch (kindOf(move)) {
      case MoveKind.crash:
        if (this.#scenario.crash === 'gradually') return undefined;
        this.#model.die(values, subject);
        if (this.#isThread(subject)) return undefined;
        return this.#model.tearDown(values, (this.#model.actors[subject] as ActorPlan).process);
      case MoveKind.die:
        return this.#model.die(values, subject);
      case MoveKind.tearDown:
        return this.#model.tearDown(values, subject, object);
      case MoveKind.stopServer:
        return this.#model.stopServer(values, subject);
      case MoveKind.listenLate:
        return this.#model.listenLate(values, subject, object);
      case MoveKind.strangerBinds:
        return this.#model.strangerBinds(values, subject);
      case MoveKind.strangerListens:
        return this.#model.strangerListens(values, subject);
      case MoveKind.strangerEnds:
        return this.#model.strangerEnds(values, subject);
      case MoveKind.leftoversEnd:
        return this.#model.leftoversEnd(values, subject);
      default:
        throw new Error('An actor takes its steps itself.');
    }
  }

  /** @throws Violation */
  #check(shared: number): void {
    let ownerOfPorts = 0;
    for (let actor = 0; actor < this.#actorCount; actor++) {
      const local = this.#locals[actor] as number;
      if (local === CRASHED || this.#actorStates.outcome(local).owned.length === 0) continue;
      const known = (this.#ownedPorts[shared] ??= new Map<number, number>());
      let ports = known.get(local);
      if (ports === undefined) known.set(local, (ports = this.#checkOwner(actor, local, shared)));
      if ((ownerOfPorts & ports) !== 0) throw new Violation('a port has two owners');
      ownerOfPorts |= ports;
    }
  }

  /** @returns one bit for each port that it owns @throws Violation */
  #checkOwner(actor: number, local: number, shared: number): number {
    const values = this.#sharedStates.values(shared);
    const isHeld = (this.#model.actors[actor] as ActorPlan).hold && this.#model.abilities.holds !== 'never';
    const holdCount = isHeld ? 1 : 0;
    let ports = 0;
    for (const { port, word, lock, hold } of this.#actorStates.outcome(local).owned) {
      const holds = hold.filter((descriptor) => this.#model.has(values, actor, descriptor, Kind.hold, port));
      if (!this.#model.has(values, actor, lock, Kind.lock, port))
        this.#deny(actor, port, 'has no lock on it');
      if (holds.length !== holdCount) this.#deny(actor, port, 'has no hold on it');
      if (values[this.#model.words.states + port] !== word || stateOf(word) !== PortState.held)
        this.#deny(actor, port, 'its record does not say so');
      if (holdCount > 0 && this.#model.hasStranger(values, port))
        this.#deny(actor, port, 'a stranger has it too');
      ports |= 1 << port;
    }
    return ports;
  }

  #deny(actor: number, port: number, problem: string): never {
    throw new Violation(`${nameOf(actor)} owns port ${port}, but ${problem}`);
  }

  #examine(shared: number, newcomer: number): string | undefined {
    this.#endCount++;
    const key = `${shared} ${this.#locals.map((local) => this.#endKey(local)).join()}`;
    if (this.#examined.has(key)) return undefined;
    this.#examined.add(key);
    try {
      const end = this.#sharedStates.values(shared);
      const { countError } = examineEnd(this.#model, this.#actorStates, end, this.#locals, newcomer);
      this.#countErrors.add(countError);
      // Who dies between the count and the record leaves the count too high; it is never too low.
      if (countError === 0 || (countError > 0 && this.#locals.includes(CRASHED))) return undefined;
      return `in the end: the count of claims is wrong by ${countError}`;
    } catch (error) {
      return `in the end: ${textOf(error)}`;
    }
  }

  /** An actor that has nothing any more is like every other one. */
  #endKey(local: number): number | string {
    if (local === CRASHED) return 'crashed';
    return this.#actorStates.outcome(local).hasDescriptors ? local : 'empty';
  }

  #describe(move: number, row: number): string {
    const shared = this.#sharedStates.values(this.#store.at(row, 0));
    if (kindOf(move) !== MoveKind.step) return describeMove(this.#model, move, undefined, shared);
    const local = this.#store.at(row, 1 + subjectOf(move));
    return describeMove(this.#model, move, this.#actorStates.outcome(local).operation, shared);
  }

  /** The steps that led to the state. */
  #historyOf(row: number): string[] {
    const steps: string[] = [];
    for (let at = row; ;) {
      const before = this.#store.at(at, this.#actorCount + 1);
      if (before === -1) return steps.toReversed();
      steps.push(this.#describe(this.#store.at(at, this.#actorCount + 2), before));
      at = before;
    }
  }

  #report(found?: Problem): Exploration {
    return {
      scenario: this.#scenario.name,
      stateCount: this.#store.count,
      transitionCount: this.#transitionCount,
      sharedStateCount: this.#sharedStates.count,
      actorStateCount: this.#actorStates.count,
      endCount: this.#endCount,
      maxStepCount: this.#actorStates.maxStepCount,
      events: [...this.#actorStates.events].toSorted(),
      countErrors: [...this.#countErrors].toSorted((a, b) => a - b),
      violation: found && {
        problem: found.problem,
        steps: [
          ...this.#historyOf(found.row),
          ...(found.move === undefined ? [] : [this.#describe(found.move, found.row)]),
        ],
      },
    };
  }
}

interface Problem {
  readonly problem: string;
  /** The state, and what was done in it. */
  readonly row: number;
  readonly move?: number;
}

function textOf(error: unknown): string {
  return error instanceof Violation ? error.message : String((error as Error).stack);
}
