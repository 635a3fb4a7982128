/** What servers' own log tells of their ports. */
import type { LogEntry } from './inside.program.ts';

/** Ports on which a server listened before another one, by its own word, had closed there. */
export function collisions(log: readonly LogEntry[]): number[] {
  const listening = new Set<number>();
  const collided: number[] = [];
  for (const { event, port } of log) {
    if (event === 'refused' || (event === 'listening' && listening.has(port))) collided.push(port);
    if (event === 'listening') listening.add(port);
    if (event === 'closed') listening.delete(port);
  }
  return collided;
}
