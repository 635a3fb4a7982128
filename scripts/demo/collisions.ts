/** Finds out whether anything has collided on a port: servers that could not bind, or two users of it at one time. */

/** For how long a server or a test had a port, in milliseconds since 1970. */
export interface Span {
  readonly port: number;
  readonly fromMs: number;
  /** Infinity if the end is not known. */
  readonly untilMs: number;
  readonly runner: string;
  /** For the message. */
  readonly what: string;
}

export interface Collision {
  /** One, or two if their tests collided with each other. */
  readonly runners: readonly string[];
  readonly message: string;
}

export interface Evidence {
  readonly servers: readonly (Span & { readonly addressInUse: boolean })[];
  readonly tests: readonly Span[];
}

export function findCollisions({ servers, tests }: Evidence): Collision[] {
  const refused = servers.filter(({ addressInUse }) => addressInUse);
  const listening = servers.filter(({ fromMs }) => fromMs !== Infinity);
  return [
    ...refused.map(({ runner, what, port }) => ({
      runners: [runner],
      message: `${what} of ${runner} found port ${port} in use`,
    })),
    ...overlapping(listening).map((pair) => collisionOf(pair, 'listened on')),
    ...overlapping(tests).map((pair) => collisionOf(pair, 'had')),
  ];
}

function overlapping(spans: readonly Span[]): (readonly [Span, Span])[] {
  return spans.flatMap((one, index) =>
    spans
      .slice(index + 1)
      .filter((other) => one.port === other.port && one.fromMs < other.untilMs && other.fromMs < one.untilMs)
      .map((other) => [one, other] as const),
  );
}

function collisionOf([one, other]: readonly [Span, Span], verb: string): Collision {
  return {
    runners: [...new Set([one.runner, other.runner])],
    message: `${one.what} of ${one.runner} and ${other.what} of ${other.runner} ${verb} port ${one.port} at the same time`,
  };
}
