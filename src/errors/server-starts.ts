/** Errors of `startServer`. */
import { PortsliceError } from './base.ts';
import { pointToPort } from './command-hint.ts';
import { describeCommand, describeProcess, type ProcessDescription } from './describe-process.ts';
import { harmless } from './harmless.ts';

export interface ServerCommandFacts {
  readonly program: string;
  /** As it was given; undefined: that of this process. */
  readonly cwd: string | undefined;
  /** Whether the folder is there. */
  readonly hasFolder: boolean;
  readonly errnoName: string | undefined;
  readonly cause: unknown;
}

/** The program of a server cannot be started. */
export class ServerCommandError extends PortsliceError {
  static override readonly name: string = 'ServerCommandError';
  static override readonly code = 'PORTSLICE_SERVER_COMMAND';
  readonly code: typeof ServerCommandError.code = ServerCommandError.code;
  readonly program: string;
  readonly cwd: string | undefined;
  /** In words. */
  readonly problem: string;
  /** What to do, in sentences. */
  readonly fix: string;

  constructor(facts: ServerCommandFacts) {
    const { problem, fix } = explainCommand(facts);
    super(`'${facts.program}' cannot be started: ${problem}. ${fix}`, facts.cause);
    this.program = facts.program;
    this.cwd = facts.cwd;
    this.problem = problem;
    this.fix = fix;
  }
}

interface Explanation {
  /** In words, without a full stop. */
  readonly problem: string;
  /** In sentences. */
  readonly fix: string;
}

function explainCommand({ program, cwd, hasFolder, errnoName, cause }: ServerCommandFacts): Explanation {
  if (!hasFolder) return { problem: `its folder '${cwd}' does not exist`, fix: 'Correct cwd.' };
  if (errnoName === 'EACCES')
    return { problem: 'it may not be executed (EACCES)', fix: 'Make the file executable.' };
  if (errnoName !== 'ENOENT') return explainErrno(errnoName, cause);
  if (program.includes('/'))
    return { problem: 'there is no such file', fix: 'Correct the path; a relative one counts from cwd.' };
  return {
    problem: 'it is neither in PATH nor in node_modules/.bin',
    fix: 'Install it, or name it by its path; a command line for the shell is a string, not an array.',
  };
}

const ERRNO_EXPLANATIONS: Readonly<Record<string, Explanation>> = {
  E2BIG: {
    problem: 'its arguments and environment are too long together',
    fix: 'Pass less, or by a file.',
  },
  EAGAIN: {
    problem: 'there are too many processes',
    fix: 'Run fewer at once, or raise the limit (ulimit -u).',
  },
  EMFILE: {
    problem: 'this process has too many open files',
    fix: 'Raise the limit (ulimit -n), or run fewer tests at once.',
  },
  ENFILE: { problem: 'the system has too many open files', fix: 'Run fewer tests at once.' },
  ENOMEM: { problem: 'there is too little memory', fix: 'Run fewer tests at once.' },
};

/** Why a program cannot be started that is there and may be executed, and what to do. */
export function explainErrno(errnoName: string | undefined, cause: unknown): Explanation {
  const known = ERRNO_EXPLANATIONS[errnoName ?? ''];
  if (known !== undefined) return { ...known, problem: `${known.problem} (${errnoName})` };
  return {
    problem: harmless(cause instanceof Error ? cause.message : String(cause)),
    fix: 'Start it by hand from the same folder: what is wrong there is wrong here, too.',
  };
}

/** What the errors of a server that has not come up have in common. */
export interface ServerStartFacts {
  /** The command in words, or the label. */
  readonly name: string;
  readonly port: number;
  /** All that it has written. */
  readonly output: string;
  /** Of the output, for the message. */
  readonly lastLines: string;
}

export interface ServerNotReadyFacts extends ServerStartFacts {
  readonly timeoutMs: number;
  /** In words: 'it does not listen on port 20123'. */
  readonly problem: string;
  /** What to do, as sentences. */
  readonly fix: string;
}

/** A server was not ready in time. */
export class ServerNotReadyError extends PortsliceError {
  static override readonly name: string = 'ServerNotReadyError';
  static override readonly code = 'PORTSLICE_SERVER_NOT_READY';
  readonly code: typeof ServerNotReadyError.code = ServerNotReadyError.code;
  readonly port: number;
  readonly timeoutMs: number;
  declare readonly output: string;

  constructor({ name, port, timeoutMs, problem, fix, output, lastLines }: ServerNotReadyFacts) {
    super(
      `${quoteServer(name)} was not ready within ${timeoutMs} ms: ${problem}. ${fix}${quoteOutput(lastLines)}`,
    );
    this.port = port;
    this.timeoutMs = timeoutMs;
    attachOutput(this, output);
  }
}

export interface ServerAddressInUseFacts extends ServerStartFacts {
  /** Who else listens on it, as far as it is known. */
  readonly holder: ProcessDescription | undefined;
  /** Whether it was also tried without the hold. */
  readonly isWithoutHold: boolean;
  /** Whether the server itself listens on it. */
  readonly isListening: boolean;
  /** Whether connections that an earlier server has left are all that is on it. */
  readonly isInTimeWait: boolean;
}

/** A server says that its port is in use. */
export class ServerAddressInUseError extends PortsliceError {
  static override readonly name: string = 'ServerAddressInUseError';
  static override readonly code = 'PORTSLICE_SERVER_ADDRESS_IN_USE';
  readonly code: typeof ServerAddressInUseError.code = ServerAddressInUseError.code;
  readonly port: number;
  /** Of the process that listens on the port; undefined where there is none, or the system does not tell. */
  readonly processId: number | undefined;
  declare readonly output: string;

  constructor(facts: ServerAddressInUseFacts) {
    const { name, port, holder, output, lastLines } = facts;
    super(
      `${quoteServer(name)} says that port ${port} is in use. ` +
        (holder === undefined ? explainUse(facts) : explainHolder(holder)) +
        `${quoteOutput(lastLines)}\n${pointToPort(port)}`,
    );
    this.port = port;
    this.processId = holder?.processId;
    attachOutput(this, output);
  }
}

function explainHolder(holder: ProcessDescription): string {
  return holder.processId === process.pid
    ? `This test process itself (pid ${process.pid}) listens on it. Close that server first, or give the new one another port.`
    : `${describeProcess(holder)} listens on it. Stop that process, or exclude the port with PORTSLICE_EXCLUDED_PORTS.`;
}

/** Where nobody else listens. */
function explainUse({ isWithoutHold, isListening, isInTimeWait }: ServerAddressInUseFacts): string {
  if (isListening) return 'Nobody else listens on it, but it does so itself: let it listen once.';
  const nobody = `Nobody else listens on it${isWithoutHold ? ', and it was not held either' : ''}`;
  if (isInTimeWait)
    return `${nobody}, but an earlier server has left connections, for up to 60 s. Set SO_REUSEADDR in the server, or wait for 60 s.`;
  return (
    `${nobody}. Let it listen only once; ${isWithoutHold ? '' : 'or pass hold: false, if it sets neither SO_REUSEADDR nor SO_REUSEPORT; '}` +
    'or, if an earlier server has left connections, set SO_REUSEADDR in the server, or wait for 60 s.'
  );
}

export interface ServerHandOverFacts extends ServerStartFacts {
  /** In words: 'it says that port 20123 is in use, so it listens by itself'. */
  readonly problem: string;
}

/** A server has not taken the listening socket that it was given (`listen: 'inherit'`). */
export class ServerHandOverError extends PortsliceError {
  static override readonly name: string = 'ServerHandOverError';
  static override readonly code = 'PORTSLICE_SERVER_HAND_OVER';
  readonly code: typeof ServerHandOverError.code = ServerHandOverError.code;
  readonly port: number;
  declare readonly output: string;

  constructor({ name, port, problem, output, lastLines }: ServerHandOverFacts) {
    super(
      `${quoteServer(name)} has not taken the socket that it was given: ${problem}. ` +
        `Let it listen on descriptor 3 ({fd}, LISTEN_FDS), or leave out listen: 'inherit'.${quoteOutput(lastLines)}`,
    );
    this.port = port;
    attachOutput(this, output);
  }
}

/** A server that was stopped, and whose ports were given back, was to be started again. */
export class ServerStoppedError extends PortsliceError {
  static override readonly name: string = 'ServerStoppedError';
  static override readonly code = 'PORTSLICE_SERVER_STOPPED';
  readonly code: typeof ServerStoppedError.code = ServerStoppedError.code;
  readonly port: number;

  constructor({ name, port }: { readonly name: string; readonly port: number }) {
    super(
      `${quoteServer(name)} was stopped, and its port ${port} was given back. ` +
        'Start another one, or use restart() in place of stop().',
    );
    this.port = port;
  }
}

export interface ServerStopFacts {
  readonly name: string;
  readonly port: number;
  /** In words: 'pid 123 (node api.js) is still there after SIGKILL'. */
  readonly problem: string;
  /** What to do, as sentences. */
  readonly fix: string;
  readonly output: string;
  readonly lastLines: string;
  readonly cause?: unknown;
}

/** A server could not be stopped. Its ports were given back all the same. */
export class ServerStopError extends PortsliceError {
  static override readonly name: string = 'ServerStopError';
  static override readonly code = 'PORTSLICE_SERVER_STOP';
  readonly code: typeof ServerStopError.code = ServerStopError.code;
  readonly port: number;
  /** In words. */
  readonly problem: string;
  /** What to do, in sentences. */
  readonly fix: string;
  declare readonly output: string;

  constructor({ name, port, problem, fix, output, lastLines, cause }: ServerStopFacts) {
    super(`${quoteServer(name)} could not be stopped: ${problem}. ${fix}${quoteOutput(lastLines)}`, cause);
    this.port = port;
    this.problem = problem;
    this.fix = fix;
    attachOutput(this, output);
  }
}

export function quoteServer(name: string): string {
  return `'${describeCommand(name)}'`;
}

export function quoteOutput(lastLines: string): string {
  return lastLines === '' ? ' It has written nothing.' : ` Its last output:\n${lastLines}`;
}

/** A property that is not printed with the error: it can be a megabyte, and the message has its end. */
export function attachOutput(error: PortsliceError, output: string | undefined): void {
  Object.defineProperty(error, 'output', { value: output });
}
