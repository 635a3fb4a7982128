/** How many ports the tests can have: what the ephemeral range and the user leave. That none is picked by the system is a part of the self-test. */
import { countText } from '../../../core/count-text.ts';
import { formatPortRange } from '../../../core/port-range.ts';
import { PortsliceError } from '../../../errors/index.ts';
import { usableProcessors } from '../../../platform/machine-facts.ts';
import { readServerPorts } from '../../../pool/session/server-ports.ts';
import { failed, ok, warning, type WiringCheck } from '../finding.ts';
import { PORTS_PER_WORKER } from '../ports-per-worker.ts';

export const serverPorts: WiringCheck = {
  name: 'server-ports',
  look: () => {
    try {
      const { ports, source, ephemeralRange } = readServerPorts();
      const workers = usableProcessors();
      const whose =
        source === undefined
          ? `outside of the ephemeral range ${formatPortRange(ephemeralRange)}`
          : `of ${source}`;
      const count = `${countText(ports.length, 'server port')} ${whose}`;
      if (ports.length >= workers * PORTS_PER_WORKER) return ok(`There are ${count}`);
      return warning(
        `There are only ${count}, for as many as ${workers} workers at once`,
        source === undefined
          ? 'Make the ephemeral range smaller, or exclude fewer ports (PORTSLICE_EXCLUDED_PORTS).'
          : `Name more, or tests may wait for each other's.`,
      );
    } catch (error) {
      if (error instanceof PortsliceError)
        return failed(
          `There are no server ports: ${error.message}`,
          `docs/errors.md says more about ${error.code}.`,
        );
      throw error;
    }
  },
};
