/** Programs by which container engines lead ports of the machine into their containers: they listen themselves. */
import type { ProcessStatus } from '../status/machine-status.ts';
import type { RedirectionReport, SocketReport } from './port-report.ts';

/** Of Docker Desktop, Docker without root, Podman, and WSL. Docker's docker-proxy tells more, by its arguments. */
const FORWARDER =
  /^(?:"[^"]*[\\/]|[^\s"]*[\\/])?(com\.docker\.backend|vpnkit|rootlesskit|rootlessport|slirp4netns|pasta(?:\.avx2)?|gvproxy|wslrelay)(?:\.exe)?"?(?: |$)/;

export function findForwarders(listeners: readonly SocketReport[]): RedirectionReport[] {
  const processes = listeners.flatMap((listener) => listener.processes);
  return processes.flatMap((process) => toRedirection(process));
}

function toRedirection(process: ProcessStatus): RedirectionReport[] {
  const [, by] = FORWARDER.exec(process.command ?? '') ?? [];
  return by === undefined ? [] : [{ by, isOfContainers: true, target: undefined, process }];
}
