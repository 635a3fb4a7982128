/** The ephemeral range and the excluded ports of Windows. Parsed texts are tested; the commands were never run on Windows. */
import { parseWindowsEphemeralRange, parseWindowsExcludedRanges } from '../../core/ephemeral-range-text.ts';
import type { PortRange } from '../../core/port-range.ts';
import { EphemeralRangeError } from '../../errors/index.ts';
import type { EphemeralRangeReading } from '../port-kernel.ts';
import { threadState } from '../thread-state.ts';

/** @throws EphemeralRangeError */
export function readWindowsEphemeralRange(): EphemeralRangeReading {
  return { range: parseWindowsEphemeralRange(netsh('dynamicport', 'tcp')) };
}

/** @throws EphemeralRangeError */
export function readWindowsExcludedRanges(): PortRange[] {
  return parseWindowsExcludedRanges(netsh('excludedportrange', 'protocol=tcp'));
}

/** Asked once in a thread: to start a program takes a tenth of a second, and who changes the ranges starts Windows anew. */
function netsh(what: string, protocol: string): string {
  return threadState(`netsh-${what}`, () => runNetsh(what, protocol));
}

function runNetsh(what: string, protocol: string): string {
  try {
    return process
      .getBuiltinModule('node:child_process')
      .execFileSync('netsh', ['int', 'ipv4', 'show', what, protocol], {
        encoding: 'latin1',
        windowsHide: true,
      });
  } catch (error) {
    throw new EphemeralRangeError({
      source: `netsh int ipv4 show ${what}`,
      problem: 'the command failed',
      cause: error,
    });
  }
}
