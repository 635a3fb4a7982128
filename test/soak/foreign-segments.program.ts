import { formatPoolHandle } from '../../src/core/pool-handle.ts';
import { PortList } from '../../src/core/port-list.ts';
import { parsePortSpec } from '../../src/core/port-spec.ts';
/**
 * Offers foreign memory in the place of a segment, again and again: of the right name and with the right seals, but with
 * other bytes. Whatever attaching accepts is used. Argument: see damage.test.ts.
 */
import { countsOf, writeSegment } from '../../src/core/segment-format.ts';
import { HEADER_BYTES, segmentOffsets } from '../../src/core/segment-layout.ts';
import { planPool } from '../../src/core/slices.ts';
import { PortPool, PortsliceError, TCPPortOwner } from '../../src/index.ts';
import { platform } from '../../src/platform/platform.ts';
import { type Random, randomFrom } from './random.ts';
import { reportToWatcher } from './watched.ts';

export interface ForeignSegmentsConfig {
  readonly spec: string;
  readonly segments: number;
  readonly seed: number;
}

export interface ForeignSegmentsReport {
  readonly accepted: number;
  readonly claims: number;
  readonly typedErrors: Readonly<Record<string, number>>;
  readonly otherErrors: readonly string[];
}

const { spec, segments, seed } = JSON.parse(process.argv[2] as string) as ForeignSegmentsConfig;
const random = randomFrom(seed);
const kernel = platform.openKernel();
const plan = planPool(new PortList(parsePortSpec(spec, 'the config')), 4, 0.5);
const allowed = new Set(plan.ports);
const whole = new Uint8Array(segmentOffsets(countsOf(plan)).byteLength);
/** What is offered is made from this, with another run id each time: a session is known by its handle. */
let runId = '';
function writeWhole(): void {
  runId = Array.from({ length: 4 }, () =>
    random(2 ** 32)
      .toString(16)
      .padStart(8, '0'),
  ).join('');
  const networkNamespace = kernel.networkNamespace();
  const facts = {
    runId,
    creatorProcessId: process.pid,
    networkNamespace,
    startMonotonicMs: 1,
    startEpochMs: 1,
  };
  writeSegment(whole.buffer, { ...facts, restMs: 0 }, plan);
}
const { states } = segmentOffsets(countsOf(plan));

/** Each returns the bytes of one foreign segment. */
const forgeries: readonly ((random: Random) => Uint8Array)[] = [
  () => whole,
  // The description: header and tables.
  () => mutated(0, states),
  () => mutated(0, HEADER_BYTES),
  () => mutated(HEADER_BYTES, states),
  () => withWord(random(20), random(2) === 0 ? random(12) : random(2 ** 31)),
  // The live part.
  () => mutated(states, whole.length),
  () => noise(whole.slice(), states, whole.length),
  // Nothing of a segment but the size.
  () => new Uint8Array(whole.length),
  () => noise(new Uint8Array(whole.length), 0, whole.length),
  () => noise(whole.slice(), 8, whole.length),
  // Other sizes.
  () => whole.slice(0, 1 + random(whole.length)),
  () => new Uint8Array(1 + random(3 * whole.length)),
  () => Uint8Array.from([...whole, ...new Uint8Array(1 + random(5000))]),
];

const typedErrors: Record<string, number> = {};
const otherErrors: string[] = [];
let accepted = 0;
let claims = 0;
process.on('warning', () => undefined);
const watcher = reportToWatcher<ForeignSegmentsReport>();
for (let number = 0; number < segments; number++) {
  writeWhole();
  await attempt(forgeries[random(forgeries.length)]?.(random) as Uint8Array);
  watcher.progress();
}
watcher.report({ accepted, claims, typedErrors, otherErrors });

async function attempt(bytes: Uint8Array): Promise<void> {
  const memory = kernel.createMemory(bytes.length);
  new Uint8Array(memory.buffer).set(bytes);
  const descriptor = memory.descriptor as number;
  const handle = formatPoolHandle({ processId: process.pid, descriptor, runId });
  try {
    const pool = PortPool.attach(handle);
    accepted++;
    await use(pool, handle);
  } catch (error) {
    if (error instanceof PortsliceError) typedErrors[error.code] = (typedErrors[error.code] ?? 0) + 1;
    else if (otherErrors.length < 5) otherErrors.push((error as Error).stack ?? String(error));
  } finally {
    memory.close();
  }
}

async function use(pool: PortPool, handle: string): Promise<void> {
  pool.snapshot();
  pool.stats();
  // The ports of somebody else on this machine are not ours to try.
  if (!pool.ports.every((port) => allowed.has(port))) return;
  const slice = pool.slice(random(9));
  const owners = [await slice.acquire({ acquireTimeoutMs: 5 }), await slice.acquire({ acquireTimeoutMs: 5 })];
  process.env['PORTSLICE_POOL'] = handle;
  owners.push(new TCPPortOwner({ label: 'of a foreign pool' }));
  claims += owners.length;
  if (new Set(owners.map(({ port }) => port)).size !== owners.length) otherErrors.push('a port twice');
  for (const { port } of owners) if (!allowed.has(port)) otherErrors.push(`port ${port} is not of the pool`);
  pool.snapshot();
  for (const owner of owners) owner.cleanup();
  pool.close();
}

function mutated(from: number, to: number): Uint8Array {
  const bytes = whole.slice();
  for (let count = 1 + random(6); count > 0; count--) {
    const at = from + random(to - from);
    bytes[at] = random(2) === 0 ? (bytes[at] as number) ^ (1 << random(8)) : random(256);
  }
  return bytes;
}

function withWord(word: number, value: number): Uint8Array {
  const bytes = whole.slice();
  new DataView(bytes.buffer).setInt32(word * 4, value, true);
  return bytes;
}

function noise(bytes: Uint8Array, from: number, to: number): Uint8Array {
  for (let at = from; at < to; at++) bytes[at] = random(256);
  return bytes;
}
