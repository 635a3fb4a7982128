/** What is known of a start while it goes on: types only. */
import type { ServerSettings } from './check-options.ts';
import type { HandOver } from './hand-over.ts';
import type { Instance } from './instance.ts';
import type { ServerOutput } from './output.ts';
import type { Reach } from './reach.ts';
import type { Server } from './server.ts';

export interface Start {
  readonly server: Server;
  readonly settings: ServerSettings;
  readonly instance: Instance;
  readonly output: ServerOutput;
  /** Of each port, the first one first, by its name. */
  readonly reaches: ReadonlyMap<string, Reach>;
  /** Whether this process holds its ports. */
  readonly isHeld: boolean;
  /** Of the first port; undefined: the server listens itself. */
  readonly handOver: HandOver | undefined;
}
