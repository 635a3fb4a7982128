/** The log of a storm: a file to which every process appends one line for each event. */
import { openSync, readFileSync, writeSync } from 'node:fs';
import type { EventKind, StormEvent } from './protocol.ts';

export class EventLog {
  readonly #descriptor: number;
  readonly #worker: number;

  constructor(file: string, worker: number) {
    // O_APPEND: each write goes whole to the end of the file, whoever else writes.
    this.#descriptor = openSync(file, 'a');
    this.#worker = worker;
  }

  write(kind: EventKind, use: string, port: number, detail?: string | number): void {
    const event: StormEvent = {
      atUs: nowUs(),
      worker: this.#worker,
      use,
      kind,
      port,
      ...(detail === undefined ? {} : { detail }),
    };
    writeSync(this.#descriptor, `${JSON.stringify(event)}\n`);
  }
}

/** In the order of time. */
export function readEvents(file: string): StormEvent[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as StormEvent)
    .toSorted((a, b) => a.atUs - b.atUs);
}

/** Of the system's monotonic clock. */
export function nowUs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e6 + nanoseconds / 1e3;
}
