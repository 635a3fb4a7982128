/** Finds out whether anything has collided on a port: servers that could not bind, or two users of it at one time. */
import { findOverlaps, type Overlap, type Span } from '../../test/support/overlaps.ts';

/** For how long a server or a test had a port, in milliseconds since 1970. Its owner is who had it, for the message. */
export interface RunnerSpan extends Span {
  readonly runner: string;
}

export interface Collision {
  /** One, or two if their tests collided with each other. */
  readonly runners: readonly string[];
  readonly message: string;
}

export interface Evidence {
  readonly servers: readonly (RunnerSpan & { readonly addressInUse: boolean })[];
  readonly tests: readonly RunnerSpan[];
}

export function findCollisions({ servers, tests }: Evidence): Collision[] {
  const refused = servers.filter(({ addressInUse }) => addressInUse);
  const listening = servers.filter(({ from }) => from !== Infinity);
  return [
    ...refused.map(({ runner, owner, port }) => ({
      runners: [runner],
      message: `${owner} of ${runner} found port ${port} in use`,
    })),
    ...findOverlaps<RunnerSpan>(listening).map((pair) => collisionOf(pair, 'listened on')),
    ...findOverlaps(tests).map((pair) => collisionOf(pair, 'had')),
  ];
}

function collisionOf({ first, second }: Overlap<RunnerSpan>, verb: string): Collision {
  return {
    runners: [...new Set([first.runner, second.runner])],
    message: `${first.owner} of ${first.runner} and ${second.owner} of ${second.runner} ${verb} port ${first.port} at the same time`,
  };
}
