/** The judge of every proof that a port was one owner's at a time. Pure: whoever writes the log, it asks nobody else. */

/** For how long an owner certainly had a port; any clock, as long as all spans have the same. */
export interface Span {
  readonly port: number;
  readonly owner: string;
  readonly from: number;
  /** Infinity if the end is not known. */
  readonly until: number;
}

export interface Overlap<S extends Span = Span> {
  /** Began no later than the other. */
  readonly first: S;
  readonly second: S;
}

/**
 * All pairs that had the same port at the same time. The end of one may be the beginning of the next.
 * @param mayShare pairs that are no fault
 */
export function findOverlaps<S extends Span>(
  spans: readonly S[],
  mayShare: (first: S, second: S) => boolean = () => false,
): Overlap<S>[] {
  const found: Overlap<S>[] = [];
  let open: S[] = [];
  for (const second of spans.toSorted((a, b) => a.port - b.port || a.from - b.from)) {
    open = open.filter(({ port, until }) => port === second.port && until > second.from);
    for (const first of open) if (!mayShare(first, second)) found.push({ first, second });
    open.push(second);
  }
  return found;
}

export function describeOverlap({ first, second }: Overlap): string {
  return `port ${first.port}: ${describe(first)} and ${describe(second)}`;
}

function describe({ owner, from, until }: Span): string {
  return `${owner} from ${from} to ${until}`;
}
