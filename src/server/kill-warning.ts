/** A server that does not end when it is asked to costs each test the whole time that it is given. */
import { describeCommand } from '../errors/index.ts';
import { threadState } from '../platform/thread-state.ts';
import { warn } from '../pool/session/warnings.ts';
import { nameOf, type ServerSettings } from './check-options.ts';

/** Once for each command. Who gives no time at all wants it to be killed. */
export function warnOfKill({ command, name, stopSignal, stopTimeoutMs }: ServerSettings): void {
  const told = threadState('killed-servers', () => new Set<string>());
  const key = nameOf(command);
  if (stopTimeoutMs === 0 || told.has(key)) return;
  told.add(key);
  warn(
    'PORTSLICE_SERVER_KILLED',
    `'${describeCommand(name)}' had to be killed, ${stopTimeoutMs} ms after ${stopSignal}. Set stopSignal to the signal that ends it, ` +
      "or to 'SIGKILL' if it may be killed at once; or give it more time with stopTimeoutMs.",
  );
}
