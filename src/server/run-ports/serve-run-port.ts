/** A run port as `portslice run` has it: others of the same folder may use its server. */
import { canonicalName } from '../../core/run-port-name.ts';
import { AlreadyServedError } from '../../errors/index.ts';
import { monotonicMs, pause } from '../../platform/clock.ts';
import type { PackageFolder } from '../../platform/package-folder.ts';
import { platform } from '../../platform/platform.ts';
import { checkOwnerOptions } from '../../pool/api/owner-options.ts';
import { releaseClaim } from '../../pool/claim/release.ts';
import { claimRunPort } from './claim-run-port.ts';
import type { RunPort } from './own-run-ports.ts';
import { findServed } from './served-ports.ts';
import { traceRunPort } from './trace-run-port.ts';

/** The one before may be about to stop its server. */
const PATIENCE_MS = 2000;
const LOOK_EVERY_MS = 20;

export interface ServedRunPort extends RunPort {
  /** Its server is ready: from now on it is joined. */
  announceReady(): void;
  /** Its server has ended. */
  end(): void;
}

export interface ServeOptions {
  readonly port: number | undefined;
  readonly hold: boolean;
  /** Whether others may join. Not in a run of tests, whose server ends with it. */
  readonly isOffered: boolean;
}

/** @throws AlreadyServedError if another process serves that name; otherwise as `runPort` */
export async function serveRunPort(
  name: string,
  folder: PackageFolder,
  { port, hold, isOffered }: ServeOptions,
): Promise<ServedRunPort> {
  const kernel = platform.openKernel();
  const descriptors = isOffered ? [await takeServedName(name, folder)] : [];
  const options = checkOwnerOptions({ port, hold, label: `run port '${name}'` });
  const claim = claimRunPort(name, folder, options, false);
  const facts = { folder: folder.id, name: canonicalName(name), port: claim.port, processId: process.pid };
  const runPort: RunPort = { name, folder, port: claim.port, claim, joinedProcessId: undefined };
  const announce = (isReady: boolean): void => {
    const descriptor = isOffered ? kernel.announceServedPort({ ...facts, isReady }) : undefined;
    if (descriptor !== undefined) descriptors.push(descriptor);
  };
  traceRunPort(runPort, 'claimed for the server of portslice run');
  announce(false);
  return {
    ...runPort,
    announceReady: () => {
      traceRunPort(runPort, isOffered ? 'its server is ready, and can be joined' : 'its server is ready');
      announce(true);
    },
    end: () => {
      traceRunPort(runPort, 'its server has ended');
      kernel.closeDescriptors(descriptors);
      releaseClaim(claim);
    },
  };
}

async function takeServedName(name: string, folder: PackageFolder): Promise<number> {
  const startMs = monotonicMs();
  for (;;) {
    const descriptor = platform.openKernel().takeServedName(folder.id, canonicalName(name));
    if (descriptor !== undefined) return descriptor;
    if (monotonicMs() - startMs > PATIENCE_MS) throw alreadyServed(name, folder);
    await pause(LOOK_EVERY_MS);
  }
}

function alreadyServed(name: string, folder: PackageFolder): AlreadyServedError {
  const [served] = findServed(folder, name);
  const holder = served && platform.findLockHolders([served.port]).get(served.port);
  return new AlreadyServedError({ runPort: name, folder: folder.path, port: served?.port, holder });
}
