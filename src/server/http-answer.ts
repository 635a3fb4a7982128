/** Asks a server over HTTP. */
import type { IncomingMessage } from 'node:http';
import { isUnderLocalhost } from '../core/host-name.ts';
import { monotonicMs, pause } from '../platform/clock.ts';
import { findLoopback } from '../pool/api/try-to-connect.ts';

/** A server that has lost a request while it started is asked again; one that takes long is given more time. */
const FIRST_TIMEOUT_MS = 2000;
/** A server that takes long to be ready is asked less often: so nobody waits longer by more than a part of the time. */
const PAUSE_SHARE = 0.04;
const MIN_PAUSE_MS = 4;
const MAX_PAUSE_MS = 200;

export interface Question {
  readonly url: string;
  readonly isExpected: (status: number) => boolean;
  /** Told in words why there is no such answer yet. */
  readonly note: (problem: string) => void;
}

/** Whether a text is a path of a server, or a URL that can be asked. */
export function isPathOrUrl(text: string): boolean {
  return text.startsWith('/') || (/^https?:\/\//.test(text) && URL.canParse(text));
}

/** What counts as an answer where no status is asked for. Redirects are not followed. */
export function isSuccess(status: number): boolean {
  return status >= 200 && status < 400;
}

/** Resolves with the first answer that is as expected. @throws the signal's reason */
export async function untilAnswered({ url, isExpected, note }: Question, signal: AbortSignal): Promise<void> {
  const startMs = monotonicMs();
  note(whyNot(url, TIMEOUT));
  for (let timeoutMs = FIRST_TIMEOUT_MS; ;) {
    const answer = await ask(url, timeoutMs, signal);
    signal.throwIfAborted();
    if (typeof answer === 'number' && isExpected(answer)) return;
    if (answer === TIMEOUT) timeoutMs *= 2;
    note(whyNot(url, answer));
    const pauseMs = PAUSE_SHARE * (monotonicMs() - startMs);
    await pause(Math.min(MAX_PAUSE_MS, Math.max(MIN_PAUSE_MS, pauseMs)), signal);
  }
}

const TIMEOUT = 'no answer';

function whyNot(url: string, answer: number | string): string {
  if (typeof answer === 'number') return `${url} answered with status ${answer}`;
  if (answer === TIMEOUT) return `${url} has not answered`;
  if (answer === 'ECONNREFUSED') return `nobody answered at ${url} (${answer})`;
  return `${url} gave no answer of HTTP (${answer})`;
}

/** @returns the status, or why there is none. Redirects are not followed */
async function ask(url: string, timeoutMs: number, signal: AbortSignal): Promise<number | string> {
  const isSecure = url.startsWith('https:');
  const { request } = isSecure
    ? process.getBuiltinModule('node:https')
    : process.getBuiltinModule('node:http');
  return new Promise((resolve) => {
    const options = {
      // A connection that stays open could keep the server from ending.
      agent: false,
      signal,
      // Also where Node was told not to: the server may listen on one of the addresses of its host only.
      autoSelectFamily: true,
      ...(isUnderLocalhost(new URL(url).hostname) ? { lookup: findLoopback } : {}),
      // Test servers sign their certificates themselves, and nothing is told them.
      ...(isSecure ? { rejectUnauthorized: false } : {}),
    };
    const asked = request(url, options);
    asked.setTimeout(timeoutMs, () => {
      resolve(TIMEOUT);
      asked.destroy();
    });
    asked.once('response', (response: IncomingMessage) => {
      resolve(response.statusCode ?? 0);
      asked.destroy();
    });
    asked.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    asked.end();
  });
}
