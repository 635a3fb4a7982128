/** The type of several owners: a tuple where the count is written as a literal. */
import type { TCPPortOwner } from './tcp-port-owner.ts';

/** A tuple for a literal count up to 99, so that each element is there without a check; else an array. */
export type OwnerTuple<Count extends number> = number extends Count
  ? TCPPortOwner[]
  : `${Count}` extends `-${string}` | `${string}.${string}` | `${string}e${string}` | ThreeDigits
    ? TCPPortOwner[]
    : Repeat<Count>;

type ThreeDigits = `${number}${number}${number}${string}`;

type Repeat<Count extends number, Owners extends TCPPortOwner[] = []> = Owners['length'] extends Count
  ? Owners
  : Repeat<Count, [...Owners, TCPPortOwner]>;
