/**
 * The log of one that uses ports: a file of its own, with a record for each use. It is written only after the use, from
 * memory, so that a million uses cost nearly nothing, and lies outside of everything that portslice shares.
 */
import { openSync, readFileSync, writeSync } from 'node:fs';

export interface PortUse {
  readonly port: number;
  /** Of the system's monotonic clock: when the port had been given, and just before it is given back. */
  readonly fromNs: number;
  readonly untilNs: number;
}

/** A record is three doubles: they hold nanoseconds exactly for the first hundred days after the start of the machine. */
const NUMBERS_PER_USE = 3;
const USES_PER_WRITE = 1024;

export class ClaimLog {
  readonly #descriptor: number;
  readonly #numbers = new Float64Array(USES_PER_WRITE * NUMBERS_PER_USE);
  #used = 0;

  constructor(file: string) {
    this.#descriptor = openSync(file, 'wx');
  }

  write({ port, fromNs, untilNs }: PortUse): void {
    this.#numbers.set([port, fromNs, untilNs], this.#used);
    this.#used += NUMBERS_PER_USE;
    if (this.#used === this.#numbers.length) this.flush();
  }

  flush(): void {
    writeSync(this.#descriptor, this.#numbers.subarray(0, this.#used));
    this.#used = 0;
  }
}

export function nowNs(): number {
  return Number(process.hrtime.bigint());
}

export function readUses(file: string): PortUse[] {
  const { buffer, byteOffset, byteLength } = readFileSync(file);
  const numbers = new Float64Array(buffer.slice(byteOffset, byteOffset + byteLength));
  return Array.from({ length: numbers.length / NUMBERS_PER_USE }, (_, use) => {
    const [port, fromNs, untilNs] = numbers.subarray(use * NUMBERS_PER_USE) as unknown as [
      number,
      number,
      number,
    ];
    return { port, fromNs, untilNs };
  });
}
