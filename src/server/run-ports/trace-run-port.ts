/** Run ports as lines of the trace. */
import { harmless } from '../../errors/index.ts';
import { trace } from '../../platform/trace.ts';
import type { RunPort } from './own-run-ports.ts';

/** @param what has become of it, in words */
export function traceRunPort(
  { name, folder, port }: Pick<RunPort, 'name' | 'folder' | 'port'>,
  what: string,
): void {
  trace()['run-port']?.(`${port} '${name}' in ${harmless(folder.path)}: ${what}`);
}
