/** Errors of the ports that a whole run agrees on. */
import { PortsliceError } from './base.ts';
import { describeProcess, type ProcessDescription } from './describe-process.ts';

export interface RunPortUnknownFacts {
  readonly runPort: string;
  /** The names that the run has. */
  readonly known: readonly string[];
  /** Who would have to ask for it first, in words. */
  readonly main: string;
  readonly fix: string;
}

/** A worker, or a process that a run has started, asks for a run port that the run's main process has not claimed. */
export class RunPortUnknownError extends PortsliceError {
  static override readonly name: string = 'RunPortUnknownError';
  static override readonly code = 'PORTSLICE_RUN_PORT_UNKNOWN';
  readonly code: typeof RunPortUnknownError.code = RunPortUnknownError.code;
  readonly runPort: string;
  readonly known: readonly string[];

  constructor({ runPort, known, main, fix }: RunPortUnknownFacts) {
    const names =
      known.length === 0 ? 'It has none' : `It has ${known.map((name) => `'${name}'`).join(', ')}`;
    super(
      `${main} has no run port '${runPort}', and another process cannot claim one for it. ${names}. ${fix}.`,
    );
    this.runPort = runPort;
    this.known = known;
  }
}

export interface AlreadyServedFacts {
  readonly runPort: string;
  readonly folder: string;
  /** Undefined while it starts, or where it cannot be seen from here. */
  readonly port: number | undefined;
  readonly holder: ProcessDescription | undefined;
}

/** Another `portslice run` serves the name for the same folder. */
export class AlreadyServedError extends PortsliceError {
  static override readonly name: string = 'AlreadyServedError';
  static override readonly code = 'PORTSLICE_ALREADY_SERVED';
  readonly code: typeof AlreadyServedError.code = AlreadyServedError.code;
  readonly runPort: string;
  readonly folder: string;
  readonly port: number | undefined;
  readonly holder: ProcessDescription | undefined;

  constructor({ runPort, folder, port, holder }: AlreadyServedFacts) {
    const who = holder === undefined ? 'another process' : describeProcess(holder);
    const where = port === undefined ? '' : ` on port ${port}`;
    super(
      `'${runPort}' of ${folder} is already served by ${who}${where}. ` +
        `Use that server (portslice url ${runPort}), stop it, or serve another name with --port.`,
    );
    this.runPort = runPort;
    this.folder = folder;
    this.port = port;
    this.holder = holder;
  }
}
