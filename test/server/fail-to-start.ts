/** Servers that must not become ready, for the error that tells why. */
import { ServerNotReadyError, startServer, type StartServerOptions } from '../../src/index.ts';
import { errorOf } from '../support/catch-error.ts';
import { WEB } from './web.ts';

const FIRST_TIMEOUT_MS = 1500;

/**
 * Fails to start the web server of the tests, or what `options` name. On a busy machine it need not be up in the first time,
 * and then the error tells of nothing else: it has a longer one.
 */
export async function failToStart(options: Partial<StartServerOptions>): Promise<ServerNotReadyError> {
  for (let readyTimeoutMs = FIRST_TIMEOUT_MS; ; readyTimeoutMs *= 2) {
    const error = await errorOf(ServerNotReadyError, () =>
      startServer({ command: WEB, readyTimeoutMs, ...options }),
    );
    const isUp = typeof options.command === 'function' || error.output.includes('listening on');
    if (isUp || options.readyTimeoutMs !== undefined) return error;
  }
}
