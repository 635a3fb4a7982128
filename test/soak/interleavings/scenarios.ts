/** The scenarios that are explored. */
import {
  type ActorPlan,
  FIRST_SLICE,
  LINUX,
  MACOS,
  type Scenario,
  type Statement,
  WINDOWS,
} from './scenario.ts';

const BASE = {
  abilities: LINUX,
  restMs: 0,
  crash: 'at once',
  maxCrashes: 3,
  lateServer: false,
  stranger: false,
  leftovers: false,
  sharesSlices: false,
  counts: false,
  joinsQuietSteps: true,
} as const;
/** Nobody crashes, so that it is affordable what strangers may do at any time. */
const ALIVE = { ...BASE, crash: 'never', portCount: 1 } as const;
const ONE_CYCLE: readonly Statement[] = ['claim', 'release'];

function actor(
  process: number,
  statements: readonly Statement[] = ONE_CYCLE,
  slice = process % 2 === 0 ? FIRST_SLICE : 0,
): ActorPlan {
  return { process, isWorkerThread: false, slice, hold: true, statements };
}

const THOROUGH_CYCLE: readonly Statement[] = ['claim thoroughly', 'release'];
const TWICE: readonly Statement[] = [...ONE_CYCLE, ...ONE_CYCLE];
const SEALING: readonly Statement[] = [
  'claim',
  'listen',
  'stop listening',
  'release sealed',
  'look for pressure',
];
const LEAKING: readonly Statement[] = ['claim', 'listen', 'release', 'look for pressure'];

function thread(statements: readonly Statement[], slice = FIRST_SLICE): ActorPlan {
  return { ...actor(0, statements, slice), isWorkerThread: true };
}

function withoutHold(plan: ActorPlan): ActorPlan {
  return { ...plan, hold: false };
}

const SCENARIOS_OF_LINUX: readonly Scenario[] = [
  { ...BASE, name: '2x1', portCount: 1, actors: [actor(0), actor(1)] },
  { ...BASE, name: '2x1 unreduced', portCount: 1, actors: [actor(0), actor(1)], joinsQuietSteps: false },
  { ...BASE, name: '2x2', portCount: 2, actors: [actor(0), actor(1)] },
  { ...BASE, name: '2x2 twice', portCount: 2, actors: [actor(0, TWICE), actor(2, TWICE)] },
  { ...BASE, name: '2x2 rested', portCount: 2, restMs: 60_000, actors: [actor(0, TWICE), actor(2, TWICE)] },
  { ...BASE, name: '3x1', portCount: 1, actors: [0, 1, 2].map((process) => actor(process, THOROUGH_CYCLE)) },
  { ...BASE, name: '3x2', portCount: 2, actors: [0, 1, 2].map((process) => actor(process, THOROUGH_CYCLE)) },
  { ...BASE, name: 'counts', portCount: 1, actors: [actor(0), actor(1)], counts: true },
  { ...BASE, name: 'gradual', portCount: 1, crash: 'gradually', actors: [actor(0), withoutHold(actor(1))] },
  {
    ...BASE,
    name: 'pairs',
    portCount: 2,
    actors: [actor(0, ['claim two', 'release', 'release']), actor(1, ['claim two', 'release', 'release'])],
  },
  { ...BASE, name: 'pair', portCount: 2, actors: [actor(0, ['claim two', 'release', 'release']), actor(1)] },
  {
    ...BASE,
    name: 'seals',
    portCount: 1,
    lateServer: true,
    actors: [actor(0, SEALING), actor(1, ['claim', 'release'])],
  },
  { ...BASE, name: 'leaks', portCount: 1, actors: [actor(0, LEAKING), actor(1, ['claim', 'release'])] },
  {
    ...BASE,
    name: 'own leak',
    portCount: 1,
    actors: [actor(0, ['claim', 'listen here', 'release']), actor(1)],
  },
  { ...BASE, name: 'stranger', portCount: 1, stranger: true, actors: [actor(0)] },
  { ...BASE, name: 'leftovers', portCount: 1, leftovers: true, actors: [actor(0)] },
  { ...ALIVE, name: 'stranger of two', stranger: true, actors: [0, 1].map((n) => actor(n, THOROUGH_CYCLE)) },
  { ...BASE, name: 'threads', portCount: 1, maxCrashes: 1, actors: [thread(['claim']), thread(['claim'])] },
  {
    ...BASE,
    name: 'threads in turn',
    portCount: 1,
    maxCrashes: 1,
    actors: [thread(['claim']), thread(ONE_CYCLE)],
  },
  {
    ...BASE,
    name: 'slices',
    portCount: 2,
    sharesSlices: true,
    actors: [actor(0, ONE_CYCLE, 1), actor(2, ONE_CYCLE, 1)],
  },
];

const SCENARIOS: readonly Scenario[] = [
  ...SCENARIOS_OF_LINUX,
  ...SCENARIOS_OF_LINUX.flatMap((scenario) => [
    { ...scenario, name: `${scenario.name} on macOS`, abilities: MACOS },
    { ...scenario, name: `${scenario.name} on Windows`, abilities: WINDOWS },
  ]),
];

export function scenarioOf(name: string): Scenario {
  const scenario = SCENARIOS.find((candidate) => candidate.name === name);
  if (scenario === undefined) throw new Error(`There is no scenario '${name}'.`);
  return scenario;
}
