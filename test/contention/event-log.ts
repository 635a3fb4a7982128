/** The log of a storm: a file of each process, with one line for each event. Not every system appends to a shared one in whole lines. */
import { globSync, openSync, readFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import type { EventKind, StormEvent } from './protocol.ts';

export class EventLog {
  readonly #descriptor: number;
  readonly #worker: number;

  constructor(file: string, worker: number) {
    this.#descriptor = openSync(`${file}.${process.pid}`, 'a');
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
  const files = globSync(`${path.basename(file)}.*`, { cwd: path.dirname(file) });
  return files
    .flatMap((name) => readFileSync(path.join(path.dirname(file), name), 'utf8').split('\n'))
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as StormEvent)
    .toSorted((a, b) => a.atUs - b.atUs);
}

/** Of the system's monotonic clock. */
export function nowUs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e6 + nanoseconds / 1e3;
}
