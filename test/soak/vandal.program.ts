/** Damages a live segment until it is told to end, see vandal.ts. It also tries to cut the memory short. */
import { closeSync, ftruncateSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { platform } from '../../src/platform/platform.ts';
import { randomFrom } from './random.ts';
import type { Target, VandalConfig, VandalReport } from './vandal.ts';
import { reportToWatcher } from './watched.ts';

const { processId, descriptor, targets, seed } = JSON.parse(process.argv[2] as string) as VandalConfig;
const random = randomFrom(seed);
const { buffer } = platform.openKernel().attachMemory('of the vandal', processId, descriptor);
const bytes = new Uint8Array(buffer);
const whole = bytes.slice();
const file = openSync(`/proc/${processId}/fd/${descriptor}`, 'r+');
const sizes = [0, 1, 255, 4096, bytes.length - 1, bytes.length + 1, bytes.length * 2];
const written: Record<string, number> = Object.fromEntries(targets.map(({ name }) => [name, 0]));
let refusedTruncations = 0;
let truncations = 0;

const watcher = reportToWatcher<VandalReport>();
await watcher.begun;
while (!watcher.isToFinish()) {
  const target = targets[random(targets.length)] as Target;
  await [scatter, scatter, hammer, wipe][random(4)]?.(target);
  if (random(2) === 0) targets.forEach(heal);
  tryToTruncate(sizes[random(sizes.length)] as number);
  watcher.progress();
}
closeSync(file);
watcher.report({ written, refusedTruncations, truncations });

/** A burst of single bytes, and a pause. */
async function scatter(target: Target): Promise<void> {
  for (let count = 1 + random(60); count > 0; count--) damage(target);
  await sleep(random(4));
}

/** Without a pause for some milliseconds, so that whatever is compared and swapped is changed in between. */
async function hammer(target: Target): Promise<void> {
  const endMs = performance.now() + random(20);
  while (performance.now() < endMs) {
    for (let count = 0; count < 100; count++) damage(target);
    // Whoever checks the tables just now may find them right, and reads them wrong afterwards.
    targets.forEach(heal);
  }
  await sleep(1);
}

/** The whole target becomes zeros, ones or noise. */
async function wipe({ name, extents }: Target): Promise<void> {
  const value = [0, 0xff, undefined][random(3)];
  for (const [from, to] of extents) {
    for (let at = from; at < to; at++) bytes[at] = value ?? random(256);
    written[name] = (written[name] ?? 0) + (to - from);
  }
  await sleep(random(4));
}

function damage({ name, extents }: Target): void {
  const [from, to] = extents[random(extents.length)] as readonly [number, number];
  const at = from + random(to - from);
  bytes[at] = random(2) === 0 ? (bytes[at] as number) ^ (1 << random(8)) : random(256);
  written[name] = (written[name] ?? 0) + 1;
}

/** As it was at the start. */
function heal({ extents }: Target): void {
  for (const [from, to] of extents) bytes.set(whole.subarray(from, to), from);
}

function tryToTruncate(byteLength: number): void {
  try {
    ftruncateSync(file, byteLength);
    truncations++;
  } catch {
    refusedTruncations++;
  }
}
