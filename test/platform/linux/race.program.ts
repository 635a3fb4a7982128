/**
 * Takes and gives back holds of the few ports from which the kernel picks, while strangers do listen(0) all the time, and
 * counts intrusions: times when a stranger listened on a held port. To be run in a network namespace of its own whose ephemeral
 * range is `firstPort` to `lastPort`:
 *
 *   unshare --net sh -c 'ip link set lo up; echo "40000 40019" > /proc/sys/net/ipv4/ip_local_port_range; exec "$0" "$@"' \
 *     node test/platform/linux/race.program.ts '{"order":"strict","addresses":["::","only:::","0.0.0.0"],"claims":200000,"firstPort":40000,"lastPort":40019}'
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { DUAL_WILDCARD, IPV4_LOOPBACK } from '../../../src/platform/internet-address.ts';
import { bindOne } from '../../../src/platform/linux/bound-addresses.ts';
import { HELD_OVER_OTHERS } from '../../../src/platform/linux/hold.ts';
import { libc } from '../../../src/platform/linux/libc.ts';
import { platform } from '../../../src/platform/platform.ts';
import type { Hold } from '../../../src/platform/port-kernel.ts';

export interface Race {
  /**
   * How a hold is taken: strictly; over leftovers where that fails, and on one address where that fails too; or with SO_REUSEADDR from the first, as it was once.
   */
  readonly order:
    | 'strict'
    | 'strict, then over leftovers'
    | 'strict, then over leftovers, then on 127.0.0.1'
    | 'options first';
  /** Of the strangers. */
  readonly addresses: readonly string[];
  readonly claims: number;
  readonly firstPort: number;
  readonly lastPort: number;
}

export interface RaceResult {
  readonly held: number;
  /** Of these, after a strict bind had failed. */
  readonly heldOverOthers: number;
  readonly strangersListened: number;
  readonly intrusions: number;
}

/** The address of a hold of every address is undefined. */
type Span = readonly [port: number, fromNs: number, toNs: number, address: string | undefined];

const STRANGERS = 4;
const LONGEST_PAUSE_US = 100;
const EVERYWHERE = { addresses: 'everywhere' as const };
/** As the strangers name them. */
const BESIDE_IPV4_LOOPBACK: readonly unknown[] = ['127.0.0.1', '0.0.0.0', '::'];
const kernel = platform.openKernel();

/** CLOCK_MONOTONIC, as the strangers read it. */
const now = (): number => Number(process.hrtime.bigint());

function pause(): void {
  const untilNs = now() + Math.random() * LONGEST_PAUSE_US * 1000;
  while (now() < untilNs);
}

function takeWithOptionsFirst(port: number): Hold | undefined {
  const descriptor = bindOne(libc(), port, DUAL_WILDCARD, HELD_OVER_OTHERS);
  return descriptor === undefined
    ? undefined
    : { kind: 'held', descriptors: [descriptor], addresses: 'everywhere' };
}

function holdInTurns({ order, claims, firstPort, lastPort }: Race): { spans: Span[]; overOthers: number } {
  const spans: Span[] = [];
  let overOthers = 0;
  for (let claim = 0; claim < claims; claim++) {
    const port = firstPort + Math.floor(Math.random() * (lastPort - firstPort + 1));
    let hold = order === 'options first' ? takeWithOptionsFirst(port) : kernel.takeHold(port, EVERYWHERE);
    if (hold === undefined && order.startsWith('strict, then over leftovers')) {
      const addresses = order.endsWith('127.0.0.1') ? [IPV4_LOOPBACK] : 'everywhere';
      hold = kernel.takeHoldOverLeftovers(port, { addresses });
      if (hold !== undefined) overOthers++;
    }
    if (hold === undefined) continue;
    const fromNs = now();
    pause();
    spans.push([port, fromNs, now(), hold.addresses === 'everywhere' ? undefined : '127.0.0.1']);
    kernel.closeDescriptors(hold.descriptors);
  }
  return { spans, overOthers };
}

function countOverlaps(held: readonly Span[], listened: readonly Span[]): number {
  const byPort = new Map<number, Span[]>();
  for (const span of held) {
    const spans = byPort.get(span[0]);
    if (spans === undefined) byPort.set(span[0], [span]);
    else spans.push(span);
  }
  return listened.filter(([port, fromNs, toNs, address]) =>
    byPort
      .get(port)
      ?.some(
        ([, heldFromNs, heldToNs, heldAddress]) =>
          fromNs < heldToNs &&
          heldFromNs < toNs &&
          (heldAddress === undefined || BESIDE_IPV4_LOOPBACK.includes(address)),
      ),
  ).length;
}

async function run(race: Race): Promise<RaceResult> {
  const strangers = fileURLToPath(new URL('race-strangers.program.py', import.meta.url));
  const args = [strangers, String(STRANGERS), String(LONGEST_PAUSE_US), ...race.addresses];
  const child = spawn('python3', args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines: string[] = [];
  const output = createInterface(child.stdout).on('line', (line) => lines.push(line));
  await once(output, 'line');
  const { spans, overOthers } = holdInTurns(race);
  child.stdin.end();
  await once(output, 'close');
  const listened = lines.slice(1).flatMap((line) => JSON.parse(line) as Span[]);
  return {
    held: spans.length,
    heldOverOthers: overOthers,
    strangersListened: listened.length,
    intrusions: countOverlaps(spans, listened),
  };
}

process.stdout.write(JSON.stringify(await run(JSON.parse(process.argv[2] as string) as Race)));
