/**
 * Chooses the operating system, once. The only reader of `process.platform`: a missing capability is an explicit
 * error behind the same name, not a condition at the caller.
 */
import { EphemeralRangeError, UnsupportedPlatformError } from '../errors.ts';
import { readDarwinEphemeralRange } from './darwin/ephemeral-range.ts';
import { readLinuxEphemeralRange } from './linux/ephemeral-range.ts';
import { openLinuxKernel } from './linux/kernel.ts';
import type { Platform, PortKernel } from './port-kernel.ts';
import { readWindowsEphemeralRange, readWindowsExcludedPorts } from './windows/ephemeral-range.ts';

function choosePlatform(name: NodeJS.Platform): Platform {
  const openKernel = (): PortKernel => {
    throw new UnsupportedPlatformError(name, 'The allocation of ports');
  };
  switch (name) {
    case 'linux':
      return {
        readEphemeralRange: readLinuxEphemeralRange,
        readExcludedPorts: () => [],
        openKernel: openLinuxKernel,
      };
    case 'darwin':
    case 'freebsd':
      return { readEphemeralRange: readDarwinEphemeralRange, readExcludedPorts: () => [], openKernel };
    case 'win32':
      return {
        readEphemeralRange: readWindowsEphemeralRange,
        readExcludedPorts: readWindowsExcludedPorts,
        openKernel,
      };
    default:
      return {
        readEphemeralRange: () => {
          throw new EphemeralRangeError({
            source: `the platform '${name}'`,
            problem: 'this platform is unknown',
          });
        },
        readExcludedPorts: () => [],
        openKernel,
      };
  }
}

export const platform: Platform = choosePlatform(process.platform);
