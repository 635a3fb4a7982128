/** Errors of the wait for a server. */
import { PortsliceError } from './base.ts';
import { pointToPort } from './command-hint.ts';
import { describeProcess, type ProcessDescription } from './describe-process.ts';
import { adviceForEnd, describeEnd } from './server-ends.ts';
import { attachOutput, quoteOutput, quoteServer } from './server-starts.ts';

export interface WaitTimeoutFacts {
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
  /** Of the last connection. */
  readonly problem: string;
  /** Where the server listens instead, in words: 'it listens on 127.0.0.2:20123'. */
  readonly elsewhere?: string | undefined;
}

/** Nothing listened on the port in time. */
export class WaitTimeoutError extends PortsliceError {
  static override readonly name: string = 'WaitTimeoutError';
  static override readonly code = 'PORTSLICE_WAIT_TIMEOUT';
  readonly code: typeof WaitTimeoutError.code = WaitTimeoutError.code;
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;

  constructor({ host, port, timeoutMs, problem, elsewhere }: WaitTimeoutFacts) {
    super(
      `Nothing accepted a connection on ${host.includes(':') ? `[${host}]` : host}:${port} ` +
        `within ${timeoutMs} ms (${problem})${elsewhere === undefined ? '' : `, but ${elsewhere}`}. ` +
        adviceForTimeout(problem, elsewhere),
    );
    this.host = host;
    this.port = port;
    this.timeoutMs = timeoutMs;
  }
}

function adviceForTimeout(problem: string, elsewhere: string | undefined): string {
  if (problem === 'ENOTFOUND') return 'The name of the host does not resolve: correct host.';
  if (problem === 'EAI_AGAIN') return 'The name server does not answer: try again, or give host an address.';
  if (elsewhere !== undefined)
    return 'Give the server this port and host, or wait with the host that it listens on.';
  return "Look at the server's output, check that it was given this port and host, or raise timeoutMs.";
}

interface StartedServer {
  /** The command in words, or the label. */
  readonly name: string;
  /** All that it has written, and the end of that for the message. */
  readonly output: string;
  readonly lastLines: string;
}

export interface ServerExitedFacts {
  readonly port: number;
  readonly processId: number;
  /** Undefined if it is not known, or if a signal has ended the process. */
  readonly exitCode?: number | undefined;
  /** The name of the signal that has ended the process. */
  readonly signal?: string | undefined;
  /** Whether this process holds the port, so that a server that shares it with nobody cannot listen on it. */
  readonly isHeldHere?: boolean;
  /** Of a server that portslice has started. */
  readonly started?: StartedServer | undefined;
}

/** The server process ended before it listened. */
export class ServerExitedError extends PortsliceError {
  static override readonly name: string = 'ServerExitedError';
  static override readonly code = 'PORTSLICE_SERVER_EXITED';
  readonly code: typeof ServerExitedError.code = ServerExitedError.code;
  readonly port: number;
  readonly processId: number;
  /** Undefined if it is not known, or if a signal has ended the process. */
  readonly exitCode: number | undefined;
  /** The name of the signal that has ended the process, such as 'SIGKILL'. */
  readonly signal: string | undefined;
  /** All that it has written, if portslice has started it. */
  declare readonly output: string | undefined;

  constructor(facts: ServerExitedFacts) {
    const { port, processId, exitCode, signal, started } = facts;
    const who =
      started === undefined ? `Process ${processId}` : `${quoteServer(started.name)} (pid ${processId})`;
    super(
      `${who} ended before it listened on port ${port} ` +
        `(${describeEnd(facts)}). ` +
        (started === undefined ? adviceFor(facts) : adviceForStarted(facts, started.lastLines)),
    );
    attachOutput(this, started?.output);
    this.port = port;
    this.processId = processId;
    this.exitCode = exitCode;
    this.signal = signal;
  }
}

const LOOK = 'Look at its output for the reason.';
const BACKGROUND = 'If it starts the server in the background, wait without pid or process.';
const SHARES_NOTHING =
  'If it says that the address is in use, it sets neither SO_REUSEADDR nor SO_REUSEPORT: give it a port with hold: false.';

function adviceFor({ exitCode, signal, isHeldHere = false }: ServerExitedFacts): string {
  if (signal !== undefined) return adviceForEnd({ signal, lastLines: '' });
  if (exitCode === 0) return `${BACKGROUND} Otherwise, look at its output for the reason.`;
  return [LOOK, exitCode === undefined ? BACKGROUND : '', isHeldHere ? SHARES_NOTHING : '']
    .filter((sentence) => sentence !== '')
    .join(' ');
}

function adviceForStarted({ exitCode, signal }: ServerExitedFacts, lastLines: string): string {
  const advice =
    exitCode === 0
      ? 'If it starts the server in the background, set launcher: true; else let it go on.'
      : adviceForEnd({ exitCode, signal, lastLines });
  return advice + quoteOutput(lastLines);
}

export interface ForeignListenerFacts extends ProcessDescription {
  readonly port: number;
  /** The listener in words. */
  readonly description?: string;
  /** Who should listen, in words. */
  readonly expected: string;
}

/** Another process than the expected one listens on the port. */
export class ForeignListenerError extends PortsliceError {
  static override readonly name: string = 'ForeignListenerError';
  static override readonly code = 'PORTSLICE_FOREIGN_LISTENER';
  readonly code: typeof ForeignListenerError.code = ForeignListenerError.code;
  readonly port: number;
  /** Of the listener; undefined where the system does not tell. */
  readonly processId: number | undefined;
  readonly command: string | undefined;

  constructor(facts: ForeignListenerFacts) {
    const { port, expected, description = describeProcess(facts) } = facts;
    super(
      `Port ${port} is listened on by ${description}, not by ${expected}. ` +
        'Stop that server, or take the port out of the pool with PORTSLICE_EXCLUDED_PORTS. ' +
        pointToPort(port),
    );
    this.port = port;
    this.processId = facts.processId;
    this.command = facts.command;
  }
}

export interface ServerDiedFacts {
  /** The command in words, or the label. */
  readonly name: string;
  readonly port: number;
  /** Undefined for an in-process server. */
  readonly processId: number | undefined;
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  /** All that it has written, and the end of that for the message. */
  readonly output: string;
  readonly lastLines: string;
}

/** A test failed, and one of its servers had already ended on its own. Reported next to the test's own error. */
export class ServerDiedError extends PortsliceError {
  static override readonly name: string = 'ServerDiedError';
  static override readonly code = 'PORTSLICE_SERVER_DIED';
  readonly code: typeof ServerDiedError.code = ServerDiedError.code;
  readonly port: number;
  readonly processId: number | undefined;
  /** Undefined if a signal has ended the process. */
  readonly exitCode: number | undefined;
  /** The name of the signal that has ended the process, such as 'SIGKILL'. */
  readonly signal: string | undefined;
  readonly output: string;

  constructor({ name, port, processId, exitCode, signal, output, lastLines }: ServerDiedFacts) {
    super(
      `The server '${name}' on port ${port} had ended by itself (pid ${processId ?? 'of this process'}, ` +
        `${describeEnd({ exitCode, signal })}). ${adviceForDeath({ exitCode, signal, lastLines })}` +
        quoteOutput(lastLines),
    );
    this.port = port;
    this.processId = processId;
    this.exitCode = exitCode;
    this.signal = signal;
    this.output = output;
  }
}

function adviceForDeath(end: Pick<ServerDiedFacts, 'exitCode' | 'signal' | 'lastLines'>): string {
  const advice = end.exitCode === 0 ? 'Let it go on until the test ends.' : adviceForEnd(end);
  return `${advice} If the test ends it on purpose, use server.stop() or server.restart().`;
}
