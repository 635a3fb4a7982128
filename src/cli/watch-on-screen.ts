/** Shows something that changes on the terminal's other screen, until q, Ctrl-C or a signal. */
import { startInterval, stopInterval } from '../platform/clock.ts';
import { codeOfEnd } from './exit-codes.ts';
import { styled } from './output.ts';
import { Screen } from './screen.ts';
import { fit } from './text-width.ts';

export interface Watched<Status> {
  readonly read: () => Status;
  /** For a terminal of so many columns and rows. Lines that do not fit are left out. */
  readonly format: (status: Status, columns: number, rows: number) => string[];
  readonly intervalMs: number;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const CTRL_C = '\u0003';
const CTRL_D = '\u0004';

/** @returns the exit code: 0 after q, that of the signal after others. Throws what `read` throws, with the screen as it was */
export async function watchOnScreen<Status>(watched: Watched<Status>): Promise<number> {
  const { stdin, stdout } = process;
  // Before anything is on the screen: what fails at once is told as elsewhere.
  let status = watched.read();
  const screen = new Screen(stdout);
  const close = (): void => {
    screen.close();
    if (stdin.isTTY) stdin.setRawMode(false);
  };
  process.once('exit', close);
  const draw = (): void => screen.draw(layOut(watched, status, screen));
  return new Promise<number>((resolve, reject) => {
    const listeners = new AbortController();
    const end = (settle: () => void): void => {
      stopInterval(timer);
      listeners.abort();
      close();
      process.off('exit', close);
      settle();
    };
    const refresh = (): void => {
      try {
        status = watched.read();
        draw();
      } catch (error) {
        end(() => reject(error));
      }
    };
    const timer = startInterval(refresh, watched.intervalMs);
    onEnd((exitCode) => end(() => resolve(exitCode)), listeners.signal);
    stdout.on('resize', draw);
    listeners.signal.addEventListener('abort', () => stdout.off('resize', draw));
    screen.open();
    draw();
  });
}

/** Until it is aborted. */
function onEnd(end: (exitCode: number) => void, until: AbortSignal): void {
  const { stdin, stdout } = process;
  const onKeys = (keys: string): void => {
    if (keys.includes(CTRL_C)) end(codeOfEnd(null, 'SIGINT'));
    else if (/q/i.test(keys) || keys.includes(CTRL_D)) end(0);
  };
  // The terminal has gone, mostly together with a SIGHUP.
  const onClose = (): void => end(codeOfEnd(null, 'SIGHUP'));
  for (const signal of SIGNALS) process.on(signal, endBySignal);
  stdout.on('close', onClose);
  if (stdin.isTTY) stdin.setRawMode(true).setEncoding('utf8').on('data', onKeys).resume();
  until.addEventListener('abort', () => {
    for (const signal of SIGNALS) process.off(signal, endBySignal);
    stdout.off('close', onClose);
    stdin.off('data', onKeys).pause();
  });
  function endBySignal(signal: NodeJS.Signals): void {
    end(codeOfEnd(null, signal));
  }
}

/** As many lines as there is room for, and what else there is to know. */
function layOut<Status>(watched: Watched<Status>, status: Status, { columns, rows }: Screen): string[] {
  const lines = watched.format(status, columns, rows);
  const room = Math.max(1, rows - 1);
  const seconds = watched.intervalMs / 1000;
  const more = lines.length > room ? 'There is more than fits. ' : '';
  const footer = `${more}Every ${seconds} s, now ${new Date().toLocaleTimeString('en-GB')}. q ends it.`;
  return [...lines.slice(0, room), styled('dim', fit(footer, columns))];
}
