/** Uses a pool in every way while its segment is damaged, see survivor.ts. */
import { closeSync, fstatSync, openSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import {
  portAllocationStats,
  portIsInUse,
  PortPool,
  PortsliceError,
  type PortRecord,
  TCPPortOwner,
} from '../../src/index.ts';
import { platform } from '../../src/platform/platform.ts';
import { threadState } from '../../src/platform/thread-state.ts';
import { releaseAll, releaseClaim } from '../../src/pool/claim/release.ts';
import type { PoolSession } from '../../src/pool/session/pool-session.ts';
import { EventLog } from '../contention/event-log.ts';
import { type RunningServer, startServer } from '../contention/servers.ts';
import { claimOf } from '../support/claims.ts';
import { randomFrom } from './random.ts';
import type { SurvivorConfig, SurvivorReport } from './survivor.ts';
import { reportToWatcher } from './watched.ts';

const FILES = 200;
const MAX_OWNED = 8;
const SHORTLY = { acquireTimeoutMs: 15 };

const config = JSON.parse(process.argv[2] as string) as SurvivorConfig;
const random = randomFrom(config.seed);
const log = new EventLog(config.logFile);
const kernel = platform.openKernel();
const typedErrors: Record<string, number> = {};
const otherErrors: string[] = [];
const unlockedPorts: number[] = [];
const lostFiles: string[] = [];
let claims = 0;
let attachments = 0;
let seals = 0;
let checkedFiles = 0;

interface Owned {
  readonly use: string;
  readonly owner: TCPPortOwner;
  readonly server: RunningServer | undefined;
}
const owned: Owned[] = [];
const sessions = new Set<PoolSession>();

interface WatchedFile {
  readonly descriptor: number;
  readonly inode: number;
}
let opened = 0;
const files: WatchedFile[] = [];

process.on('warning', () => undefined);
const handle = process.env['PORTSLICE_POOL'] as string;
// Opens the pool, as long as it is whole.
portAllocationStats();
while (files.length < FILES) openFile();
const descriptorsBefore = countDescriptors();

async function attempt(act: () => unknown): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (error instanceof PortsliceError) typedErrors[error.code] = (typedErrors[error.code] ?? 0) + 1;
    else if (otherErrors.length < 5) otherErrors.push((error as Error).stack ?? String(error));
  }
}

const operations: readonly (() => unknown)[] = [
  () => owned.length < MAX_OWNED && keep(new TCPPortOwner({ label: config.name })),
  () =>
    owned.length < MAX_OWNED &&
    keep(new TCPPortOwner({ label: 'x'.repeat(random(300)), hold: random(4) > 0 })),
  async () => owned.length < MAX_OWNED && keep(await TCPPortOwner.acquire(SHORTLY)),
  async () => {
    if (owned.length > MAX_OWNED - 3) return;
    for (const owner of await TCPPortOwner.acquireMany(3, SHORTLY)) await keep(owner);
  },
  giveBack,
  giveBack,
  giveBack,
  giveBackSealed,
  attachAnew,
  () => (portAllocationStats().totalServerPorts > 0 ? undefined : otherErrors.push('no statistics')),
  () => PortPool.attach(handle).snapshot().forEach(checkRecord),
  () => owned[0] !== undefined && portIsInUse(owned[0].owner.port),
  checkLocks,
];

async function keep(owner: TCPPortOwner): Promise<void> {
  const use = `${config.name}/${claims++}`;
  log.write('allocated', use, owner.port);
  sessions.add(claimOf(owner).session);
  const server = random(6) === 0 ? await startServer(log, use, owner.port) : undefined;
  owned.push({ use, owner, server });
}

async function giveBack(): Promise<void> {
  const [given] = owned.splice(random(owned.length), 1);
  if (given === undefined) return;
  // Sometimes the server is leaked, and stopped only later.
  const leaks = random(4) === 0;
  if (!leaks) await given.server?.close();
  log.write('releasing', given.use, given.owner.port);
  given.owner.cleanup();
  // Files take the numbers that were just given back; a second cleanup must not touch them.
  exchangeFile();
  exchangeFile();
  given.owner.cleanup();
  if (leaks) await given.server?.close();
}

async function giveBackSealed(): Promise<void> {
  const [given] = owned.splice(random(owned.length), 1);
  if (given === undefined) return;
  await given.server?.close();
  log.write('releasing', given.use, given.owner.port);
  releaseClaim(claimOf(given.owner), true);
  seals++;
}

/** Maps the segment once more, as a new process would. */
async function attachAnew(): Promise<void> {
  threadState('sessions', () => new Map<string, PoolSession>()).delete(handle);
  const pool = PortPool.attach(handle);
  attachments++;
  const slice = pool.slice(random(20));
  if (owned.length < MAX_OWNED) await keep(await slice.acquire(SHORTLY));
  pool.stats();
}

/** The kernel's word: somebody, which is us, has the lock. */
function checkLocks(): void {
  for (const { owner } of owned) {
    const lock = kernel.takeLock(owner.port);
    if (lock === undefined) continue;
    kernel.closeDescriptors([lock]);
    unlockedPorts.push(owner.port);
  }
}

function checkRecord({ port, label }: PortRecord): void {
  if (port < 1 || port > 65_535 || label.length > 224)
    otherErrors.push(`a record of port ${port}: '${label}'`);
}

function openFile(): void {
  const descriptor = openSync(path.join(config.folder, `${config.name}-${opened++}`), 'w');
  files.push({ descriptor, inode: fstatSync(descriptor).ino });
}

/** So that the numbers of descriptors are used again all the time: the new file gets the lowest that is free. */
function exchangeFile(): void {
  openFile();
  const [{ descriptor }] = files.splice(random(files.length - 1), 1) as [WatchedFile];
  try {
    closeSync(descriptor);
  } catch {
    lostFiles.push(`${descriptor} was closed`);
  }
}

function checkFiles(): void {
  for (const { descriptor, inode } of files) {
    checkedFiles++;
    try {
      if (fstatSync(descriptor).ino !== inode) lostFiles.push(`${descriptor} is another file`);
    } catch {
      lostFiles.push(`${descriptor} is closed`);
    }
  }
}

function countDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

const watcher = reportToWatcher<SurvivorReport>();
await watcher.begun;
for (let operation = 0; operation < config.operations; operation++) {
  await attempt(async () => operations[random(operations.length)]?.());
  exchangeFile();
  if (operation % 50 === 0) checkFiles();
  if (operation % 8 === 0) await breathe();
  watcher.progress();
}
while (owned.length > 0) await attempt(giveBack);
for (const session of sessions) releaseAll(session, () => true);
checkFiles();
watcher.report({
  claims,
  attachments,
  seals,
  typedErrors,
  otherErrors,
  unlockedPorts,
  lostFiles,
  checkedFiles,
  descriptorsBefore,
  descriptorsAfter: countDescriptors(),
});
