/**
 * A real terminal: a command in tmux, with a server of its own that ends with the test. Knows no runner.
 *
 *     await using terminal = startTerminal(tmux, ['node', 'program.js'], { columns: 80, rows: 24, cwd, env });
 *     await terminal.waitFor(/ready/);
 *     terminal.press('q');
 *     const { exitCode, screen } = await terminal.ended();
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { until } from './until.ts';

export interface TerminalOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

export interface Terminal extends AsyncDisposable {
  /** What is seen, without spaces at the ends of lines and empty lines at the end. */
  screen(): string;
  /** As `screen`, with colours and other escape sequences. */
  colouredScreen(): string;
  /** What has left the screen at its top, and the screen. */
  history(): string;
  colouredHistory(): string;
  /** Whether a program shows a screen of its own, as editors do. */
  isOnAlternateScreen(): boolean;
  cursorIsVisible(): boolean;
  /** Keys as tmux names them: 'q', 'Enter', 'C-c', 'Up'. */
  press(...keys: readonly string[]): void;
  /** Text, and Enter. */
  type(line: string): void;
  resize(columns: number, rows: number): void;
  /** Resolves with the screen as soon as it has that. */
  waitFor(pattern: RegExp): Promise<string>;
  /** Resolves when the command has ended. */
  ended(): Promise<{ readonly exitCode: number; readonly screen: string }>;
}

/** tmux does not always tell how a command has ended. */
const NOTE_STATUS = '"$@"; echo $? > "$0"';

/** What a command has left on the screen stays there. */
const SETTINGS = {
  'remain-on-exit': 'on',
  'remain-on-exit-format': '',
  status: 'off',
  'history-limit': '10000',
} as const;

/** @param tmux its path, as `systemNeeds()` has it */
export function startTerminal(
  tmux: string,
  command: readonly string[],
  options: TerminalOptions = {},
): Terminal {
  const { columns = 80, rows = 24, cwd, env = process.env } = options;
  const folder = mkdtempSync(path.join(tmpdir(), 'portslice-tmux-'));
  const statusFile = path.join(folder, 'status');
  const server = ['-S', path.join(folder, 'socket'), '-f', '/dev/null', '-u'];
  // A person's terminal is none of CI, where programs have colours of their own rules.
  const { TMUX: _, CI: __, ...environment } = env;
  const ask = (...args: readonly string[]): string =>
    execFileSync(tmux, [...server, ...args], {
      cwd,
      env: environment,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  const tell = (name: string): string => ask('display-message', '-p', `#{${name}}`).trim();
  const size = ['-x', String(columns), '-y', String(rows)];
  const settings = Object.entries(SETTINGS).flatMap(([name, value]) => [
    'set-option',
    '-g',
    name,
    value,
    ';',
  ]);
  // The command takes the place of another one, since the settings are the server's, which starts with its first one.
  ask(
    'new-session',
    '-d',
    ...size,
    'sleep infinity',
    ';',
    ...settings,
    'respawn-pane',
    '-k',
    '--',
    ...['sh', '-c', NOTE_STATUS, statusFile, ...command].map(quoteForTmux),
  );
  const screen = (): string => trimEnds(ask('capture-pane', '-p'));
  return {
    screen,
    colouredScreen: () => trimEnds(ask('capture-pane', '-p', '-e')),
    history: () => trimEnds(ask('capture-pane', '-p', '-S', '-')),
    colouredHistory: () => trimEnds(ask('capture-pane', '-p', '-e', '-S', '-')),
    isOnAlternateScreen: () => tell('alternate_on') === '1',
    cursorIsVisible: () => tell('cursor_flag') === '1',
    press: (...keys) => void ask('send-keys', ...keys),
    type: (line) => void ask('send-keys', '-l', '--', line, ';', 'send-keys', 'Enter'),
    resize: (width, height) => void ask('resize-window', '-x', String(width), '-y', String(height)),
    waitFor: async (pattern) => {
      let seen = '';
      try {
        await until(`${String(pattern)} in the terminal`, () => pattern.test((seen = screen())));
      } catch (error) {
        throw new Error(`${(error as Error).message}\n${seen}`, { cause: error });
      }
      return seen;
    },
    ended: async () => {
      const hasEnded = (): boolean => tell('pane_dead') === '1' && existsSync(statusFile);
      await until('the end of the command in the terminal', hasEnded);
      return { exitCode: Number(readFileSync(statusFile, 'utf8')), screen: screen() };
    },
    [Symbol.asyncDispose]: async () => {
      ask('kill-server');
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** A semicolon at the end of an argument is tmux's own. */
function quoteForTmux(word: string): string {
  return word.endsWith(';') ? `${word.slice(0, -1)}\\;` : word;
}

function trimEnds(text: string): string {
  return text.replaceAll(/ +$/gm, '').trimEnd();
}
