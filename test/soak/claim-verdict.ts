/** What the logs of all that used ports prove. Nothing here asks portslice. */
import type { PortUse } from './claim-log.ts';

export interface ClaimVerdict {
  /** How many uses by owners and by strangers were judged. */
  readonly owners: number;
  readonly strangers: number;
  /** Of all pairs found: two owners, or an owner and a stranger, that had a port at the same time. */
  readonly duplicateCount: number;
  readonly intrusionCount: number;
  /** The first of them in words. */
  readonly examples: readonly string[];
}

const MAX_EXAMPLES = 10;

interface KnownUse extends PortUse {
  readonly user: string;
  readonly isStranger: boolean;
}

/** @param owners the uses of each owner and stranger, by its name */
export function judgeClaims(
  owners: ReadonlyMap<string, readonly PortUse[]>,
  strangers: ReadonlyMap<string, readonly PortUse[]>,
): ClaimVerdict {
  const all = [...known(owners, false), ...known(strangers, true)];
  all.sort((a, b) => a.port - b.port || a.fromNs - b.fromNs);
  const found = { duplicateCount: 0, intrusionCount: 0, examples: [] as string[] };
  /** Of the port at hand, the uses by owners and by strangers that lasted longest so far. */
  let owner: KnownUse | undefined;
  let stranger: KnownUse | undefined;
  for (const use of all) {
    const others = use.isStranger ? [owner] : [owner, stranger];
    for (const other of others) {
      if (other === undefined || !overlap(other, use)) continue;
      if (use.isStranger || other.isStranger) found.intrusionCount++;
      else found.duplicateCount++;
      if (found.examples.length < MAX_EXAMPLES) found.examples.push(describe(other, use));
    }
    if (use.isStranger) stranger = longerLasting(stranger, use);
    else owner = longerLasting(owner, use);
  }
  return { owners: count(owners), strangers: count(strangers), ...found };
}

function known(users: ReadonlyMap<string, readonly PortUse[]>, isStranger: boolean): KnownUse[] {
  return [...users].flatMap(([user, uses]) => uses.map((use) => ({ ...use, user, isStranger })));
}

function count(users: ReadonlyMap<string, readonly PortUse[]>): number {
  return [...users.values()].reduce((sum, uses) => sum + uses.length, 0);
}

function longerLasting(one: KnownUse | undefined, other: KnownUse): KnownUse {
  return one !== undefined && one.port === other.port && one.untilNs > other.untilNs ? one : other;
}

/** @param second began no earlier */
function overlap(first: PortUse, second: PortUse): boolean {
  return first.port === second.port && second.fromNs < first.untilNs;
}

function describe(one: KnownUse, other: KnownUse): string {
  return `port ${one.port}: ${tell(one)} and ${tell(other)}`;
}

function tell({ user, fromNs, untilNs }: KnownUse): string {
  return `${user} from ${fromNs} to ${untilNs}`;
}
