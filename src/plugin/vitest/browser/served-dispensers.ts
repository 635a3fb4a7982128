/** In Vitest's main process: the dispensers of the tests that run in browsers. */
import type { BrowserCommandContext, TestProject } from 'vitest/node';
import { PortsliceError } from '../../../errors/index.ts';
import type { TCPPortOwner } from '../../../pool/api/tcp-port-owner.ts';
import { openDispenser } from '../../open-dispenser.ts';
import type { PortDispenser, PortUse } from '../../port-dispenser.ts';
import type {
  AcquireMessage,
  Answer,
  Ended,
  EndMessage,
  Message,
  SentError,
  SentPort,
  Values,
} from './messages.ts';
import { watchEnds } from './watched-ends.ts';

export interface Served {
  readonly project: TestProject;
  readonly sessionId: string;
  /** The test file. */
  readonly testPath: string | undefined;
  readonly servesOneTest: boolean;
  readonly opening: Promise<PortDispenser>;
  readonly owners: Map<number, TCPPortOwner>;
  /** Of the requests under way. */
  readonly waiting: Map<number, AbortController>;
}

/** By session and by the id that the page has made up. */
const dispensers = new Map<string, Served>();

export async function answer(context: BrowserCommandContext, message: Message): Promise<Answer> {
  try {
    return { value: await act(context, message) };
  } catch (error) {
    return { error: toSend(error) };
  }
}

async function act(context: BrowserCommandContext, message: Message): Promise<Values[keyof Values]> {
  const key = `${context.sessionId} ${message.dispenser}`;
  const served = dispensers.get(key);
  switch (message.kind) {
    case 'acquire':
      return acquire(served ?? open(context, key, message), message);
    case 'cancel':
      return served?.waiting.get(message.request)?.abort();
    case 'cleanup':
      return served?.owners.get(message.port)?.cleanup();
    case 'end':
      return served === undefined ? { uses: [] } : end(key, served, message);
  }
}

function open(context: BrowserCommandContext, key: string, { facts }: AcquireMessage): Served {
  const { project, sessionId, testPath } = context;
  watchEnds(context, endAbandoned);
  const served: Served = {
    project,
    sessionId,
    testPath,
    servesOneTest: facts.scope === 'test',
    opening: openDispenser({ ...facts, onAcquire: () => undefined }),
    owners: new Map(),
    waiting: new Map(),
  };
  dispensers.set(key, served);
  return served;
}

async function acquire(served: Served, message: AcquireMessage): Promise<SentPort[]> {
  const { request, fixture, count, options } = message;
  const cancel = new AbortController();
  served.waiting.set(request, cancel);
  try {
    const dispenser = await served.opening;
    const owners = await dispenser.acquireFor(fixture, count, { ...options, signal: cancel.signal });
    return owners.map((owner) => {
      served.owners.set(owner.port, owner);
      return portToSend(owner, dispenser);
    });
  } finally {
    served.waiting.delete(request);
  }
}

function portToSend(
  { port, hosts, socketAddressFamily, host }: TCPPortOwner,
  { uses, toldRun: run }: PortDispenser,
): SentPort {
  const use = uses.findLast((one) => one.port === port) as PortUse;
  return { port, hosts, socketAddressFamily, host, use, run };
}

async function end(
  key: string,
  served: Served,
  { failed, leaksFail, errors }: Pick<EndMessage, 'failed' | 'leaksFail' | 'errors'>,
): Promise<Ended> {
  dispensers.delete(key);
  const dispenser = await served.opening;
  dispenser.explainFailure(errors);
  try {
    await dispenser.releaseAll(failed, leaksFail);
    return { uses: dispenser.uses };
  } catch (error) {
    return { uses: dispenser.uses, error: toSend(error) };
  }
}

/**
 * Vitest does not end fixtures of a worker in browsers, and other pages come to no end: then a test may still use its ports,
 * as one that has failed may.
 */
async function endAbandoned(isOver: (served: Served) => boolean): Promise<void> {
  const over = [...dispensers].filter(([, served]) => isOver(served));
  await Promise.all(
    over.map(async ([key, served]) =>
      end(key, served, { failed: served.servesOneTest, leaksFail: false, errors: [] }),
    ),
  );
}

function toSend(error: unknown): SentError {
  const { name, message, code } = error as Error & { code?: unknown };
  return {
    name,
    message,
    code: typeof code === 'string' ? code : undefined,
    facts: error instanceof PortsliceError ? Object.fromEntries(Object.entries(error)) : undefined,
  };
}
