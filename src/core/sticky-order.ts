/**
 * The order in which a run port is looked for: the same from run to run, and another one for each folder and name. It jumps about, so
 * that a block of ports that somebody else has is passed in few steps.
 */
import { PortList } from './port-list.ts';
import { HIGHEST_PORT, subtractRanges } from './port-range.ts';
import { FIRST_PREFERRED_PORT } from './slices.ts';

/** If somebody has all of these, any port will do. */
const CHOICE_COUNT = 32;

/**
 * The first choice and those after it; fewer where there are fewer ports.
 * @param serverPorts ascending
 * @param folder its path: it survives reboots and new clones, which the numbers of the file system do not
 */
export function stickyOrder(serverPorts: PortList, folder: string, name: string): number[] {
  const ports = preferredOf(serverPorts);
  const seed = hashOf(`${folder}\0${name}`);
  const choices = new Set<number>();
  const wanted = Math.min(CHOICE_COUNT, ports.length);
  // Ends: once the numbers no longer jump, they go on port by port.
  for (let step = 0; choices.size < wanted; step++) {
    const place = step < 4 * CHOICE_COUNT ? scatter(seed + Math.imul(step, GOLDEN_RATIO)) : seed + step;
    choices.add(ports.at(place % ports.length));
  }
  return [...choices];
}

/** People's own servers live on the low ports. */
function preferredOf(serverPorts: PortList): PortList {
  const low = subtractRanges(serverPorts.ranges, [
    { firstPort: FIRST_PREFERRED_PORT, lastPort: HIGHEST_PORT },
  ]);
  const lowCount = new PortList(low).length;
  return lowCount === serverPorts.length ? serverPorts : serverPorts.slice(lowCount, serverPorts.length);
}

/** FNV-1a, of 32 bits, over the text's code units. */
function hashOf(text: string): number {
  let hash = 0x81_1c_9d_c5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01_00_01_93);
  return hash >>> 0;
}

/** 2^32 divided by the golden ratio: steps of it spread evenly. */
const GOLDEN_RATIO = 0x9e_37_79_b9;

/** MurmurHash3's last step: each bit of the value changes half of the bits of the answer. */
function scatter(value: number): number {
  let bits = value | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85_eb_ca_6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2_b2_ae_35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
