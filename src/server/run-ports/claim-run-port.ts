/** Claims a run port: the same number as the last time, if it can be had. */
import { canonicalName } from '../../core/run-port-name.ts';
import { stickyOrder } from '../../core/sticky-order.ts';
import { harmless } from '../../errors/index.ts';
import { publishedPoolHandle } from '../../platform/environment.ts';
import type { PackageFolder } from '../../platform/package-folder.ts';
import { type CheckedOptions, checkOwnerOptions, toRequest } from '../../pool/api/owner-options.ts';
import { claimNow } from '../../pool/claim/acquire.ts';
import { recordElsewhere } from '../../pool/claim/record-elsewhere.ts';
import { describeTaken } from '../../pool/claim/refusal.ts';
import { privatePool } from '../../pool/session/current-slice.ts';
import { findSession } from '../../pool/session/open-sessions.ts';
import type { PortClaim } from '../../pool/session/port-claim.ts';
import { findServerPorts } from '../../pool/session/server-ports.ts';
import { describeServing, describeUnready } from './describe-served.ts';
import { findServed } from './served-ports.ts';

/**
 * From the private pool of this process, which the run's own pool neither closes nor replaces: run ports live as long as
 * the process.
 * @param joins whether a server of the folder would have been joined
 * @throws PortTakenError if it is to be exactly one that cannot be had; otherwise as the constructor of an owner
 */
export function claimRunPort(
  name: string,
  folder: PackageFolder,
  options: CheckedOptions,
  joins: boolean,
): PortClaim {
  const session = privatePool();
  const request = toRequest(session, options);
  const sticky = stickyOrder(findServerPorts(), folder.path, canonicalName(name));
  const indexes = sticky.flatMap((port) => session.segment.ports.indexOf(port) ?? []);
  const choices = [...request.preferredIndexes, ...indexes].filter(
    (index) => !request.excludedIndexes.has(index),
  );
  const isExact = request.exactIndex !== undefined;
  const claim = claimNow({
    session,
    slice: 0,
    request: isExact ? request : { ...request, preferredIndexes: choices },
  });
  const [first] = choices;
  if (!isExact && first !== undefined && claim.index !== first) {
    const wanted = session.segment.ports.at(first);
    tell(
      `'${name}' is ${claim.port} this time: port ${wanted} ${explainChange(name, folder, wanted, joins)}`,
    );
  }
  recordInRun(claim);
  return claim;
}

interface KnownPort {
  readonly name: string;
  readonly port: number;
  /** With which it was asked for. */
  readonly options?: CheckedOptions;
}

/** The very number that the run's processes know, after it has lapsed. @throws PortTakenError if somebody has it now */
export function claimAgain({ name, port, options: asked }: KnownPort): PortClaim {
  const session = privatePool();
  const exactly = checkOwnerOptions({ port, label: `run port '${name}'` });
  const options = asked === undefined ? exactly : { ...asked, port };
  const claim = claimNow({ session, slice: 0, request: toRequest(session, options) });
  recordInRun(claim);
  return claim;
}

/** Bookmarks, cookies and call-backs know the number that was wanted: why it is another one, and how to have it again. */
function explainChange(name: string, folder: PackageFolder, wanted: number, joins: boolean): string {
  const served = findServed(folder, name).find(({ port }) => port === wanted);
  if (served === undefined) return describeTaken(wanted);
  const [reason, fix] = joins
    ? [describeUnready(served, 'it'), 'Start again when it is ready, or stop it,']
    : ['is not joined here', 'Stop it, and start again,'];
  return `is taken: it is that of this folder's own dev server, ${describeServing(served)}, which ${reason}. ${fix} to have ${wanted}`;
}

/** For the user, who need not be a test's. One line, or the few of an error that lists something. */
export function tell(text: string): void {
  const lines = text.split('\n').map((line) => indentOf(line) + harmless(line, Infinity));
  const { stderr } = process;
  // Among the lines of a server it stands out.
  const name = process.getBuiltinModule('node:util').styleText('bold', 'portslice:', { stream: stderr });
  stderr.write(`${name} ${lines.join('\n')}\n`);
}

function indentOf(line: string): string {
  return /^ */.exec(line)?.[0] ?? '';
}

/** For a port that is claimed after the run's pool was made. */
function recordInRun(claim: PortClaim): void {
  const handle = publishedPoolHandle();
  const session = handle === undefined ? undefined : findSession(handle);
  if (session !== undefined && session !== claim.session) recordElsewhere(session, claim);
}
