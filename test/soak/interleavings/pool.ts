/** The pool of a scenario. The product makes it, and is watched to learn where its shared words are. */
import { HeaderWord, RecordWord } from '../../../src/core/segment-layout.ts';
import type { PortKernel } from '../../../src/platform/port-kernel.ts';
import { stage, type Steps } from './interposition.ts';
import type { ModelKernel } from './model-kernel.ts';
import type { Product } from './product.ts';
import type { Scenario } from './scenario.ts';

export const FIRST_PORT = 20_001;

export interface Pool {
  readonly handle: string;
  readonly image: ArrayBuffer;
  readonly words: ReadonlyMap<number, number>;
}

/** Has the product make the pool, and finds out where its shared words are. */
export function createPool(product: Product, scenario: Scenario, model: ModelKernel): Pool {
  let image = new ArrayBuffer(0);
  const kernel: Partial<PortKernel> = {
    threadId: process.pid,
    closeOrphans: () => 0,
    networkNamespace: () => 'model',
    randomBytes: (byteLength) => Buffer.alloc(byteLength),
    createMemory: (byteLength) => {
      image = new ArrayBuffer(byteLength);
      return { buffer: image, descriptor: 3, close: () => undefined };
    },
    takeName: () => undefined,
    hasIPv6: () => true,
    findHoldProblem: () => undefined,
  };
  product.platform.platform.openKernel = () => kernel as PortKernel;
  const { portCount, restMs } = scenario;
  // Four slices: with two ports, two of them have one each.
  const pool = product.portPools.PortPool.create({
    ports: `${FIRST_PORT}-${FIRST_PORT + portCount - 1}`,
    workers: 1,
    restMs,
  });
  const { segment } = product.sessions.PoolSession.attach(pool.handle);
  const words = new Map<number, number>();
  const learn = (word: number, read: () => unknown): void => {
    stage.steps = {
      buffer: image,
      wordAt: (byteOffset: number) => void words.set(byteOffset, word),
    } as unknown as Steps;
    read();
    stage.steps = undefined;
  };
  // A thorough look asks the kernel only.
  const asksWhoLives = scenario.actors.some(({ statements }) => !statements.includes('claim thoroughly'));
  for (let port = 0; port < portCount; port++) {
    learn(model.words.states + port, () => Atomics.load(segment.states, port));
    learn(model.words.releasedAtMs + port, () => Atomics.load(segment.releasedAtMs, port));
    if (asksWhoLives) learn(model.words.threads + port, () => segment.record(port, RecordWord.threadId));
  }
  segment.slices.forEach((_, slice) =>
    learn(model.words.sliceOwners + slice, () => segment.sliceOwner(slice)),
  );
  if (scenario.counts) learn(model.words.currentClaims, () => segment.header(HeaderWord.currentClaims));
  // Looked at only by those who have sealed ports.
  const seals = scenario.actors.some(({ statements }) =>
    statements.some((statement) => statement.startsWith('listen') || statement === 'release sealed'),
  );
  if (seals) learn(model.words.pressure, () => segment.header(HeaderWord.pressure));
  pool.close();
  return { handle: pool.handle, image, words };
}
