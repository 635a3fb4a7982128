/** The terminal's other screen, as editors use it: what was seen before is there again when it is closed. */
import type { WriteStream } from 'node:tty';

// xterm's control sequences, which every terminal of today knows.
const OTHER_SCREEN = '\u001b[?1049h';
const USUAL_SCREEN = '\u001b[?1049l';
const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
/** A line that is too long, since the terminal has just become narrower, must not become two. */
const CUT_LINES = '\u001b[?7l';
const WRAP_LINES = '\u001b[?7h';
const TO_START = '\u001b[H';
/** Before the line: behind one that fills it, its last character would go too. */
const CLEAR_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';

export class Screen {
  readonly #terminal: WriteStream;
  #isOpen = false;

  constructor(terminal: WriteStream) {
    this.#terminal = terminal;
  }

  get columns(): number {
    return this.#terminal.columns;
  }

  get rows(): number {
    return this.#terminal.rows;
  }

  open(): void {
    this.#isOpen = true;
    this.#terminal.write(OTHER_SCREEN + HIDE_CURSOR + CUT_LINES);
  }

  /** In place: nothing flickers. */
  draw(lines: readonly string[]): void {
    const text = lines.map((line) => CLEAR_LINE + line).join('\r\n');
    this.#terminal.write(TO_START + text + CLEAR_BELOW);
  }

  /** Also at the end of a process that fails: Node writes to a terminal before it goes on. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#terminal.write(WRAP_LINES + SHOW_CURSOR + USUAL_SCREEN);
  }
}
