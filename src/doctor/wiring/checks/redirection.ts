/** Whether connections to server ports are led elsewhere, as Docker and Kubernetes do it with published ports: such a port can look free. */
import { formatPortRange, joinRanges, rangesOfPorts } from '../../../core/port-range.ts';
import { PortsliceError } from '../../../errors/index.ts';
import { portInspector, type Redirections } from '../../../platform/port-inspector.ts';
import { readServerPorts } from '../../../pool/session/server-ports.ts';
import { type Finding, ok, warning, type WiringCheck } from '../finding.ts';

export const redirection: WiringCheck = {
  name: 'redirection',
  look: () => {
    const ports = findPorts();
    return ports === undefined ? undefined : judgeRedirections(portInspector.findRedirections(ports));
  },
};

/** Undefined: that there are none is another point. */
function findPorts(): ReadonlySet<number> | undefined {
  try {
    return new Set(readServerPorts().ports);
  } catch (error) {
    if (error instanceof PortsliceError) return undefined;
    throw error;
  }
}

/** A port on which a helper of Docker's listens is seen to be taken. One that only a rule of the kernel redirects is not. */
export function judgeRedirections({ found, seesRules }: Redirections): Finding {
  const seen = new Set(found.filter(({ processId }) => processId !== undefined).map(({ port }) => port));
  const hidden = found.filter(({ port }) => !seen.has(port));
  const [first] = hidden;
  if (first !== undefined) {
    const ports = rangesOfPorts(hidden.map(({ port }) => port));
    const ranges = joinRanges(ports).map(formatPortRange).join(',');
    return warning(
      `Rules of ${first.by} lead connections to server ports elsewhere, which look free all the same: ${ranges}`,
      `Keep tests from them: PORTSLICE_EXCLUDED_PORTS=${ranges}.`,
    );
  }
  const published = seen.size === 0 ? '' : "; Docker's published ones are seen to be taken";
  const limit = seesRules ? '' : ', as far as that can be seen without being root';
  return ok(`No server port is redirected unseen${limit}${published}`);
}
