/** Ports as the spec that names exactly them, for tests that compare many ports at once. */
import { formatPortRange } from '../../src/core/port-range.ts';
import { rangesOf } from './port-lists.ts';

/** `2000-2020,6001` */
export function formatPortSpec(ports: Iterable<number>): string {
  return rangesOf(ports).map(formatPortRange).join(',');
}
