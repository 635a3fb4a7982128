/** What a server writes, both streams as they come. Of much output only the end is kept. */

const KEPT_CHARACTERS = 1_000_000;
/** Of a start: enough for every pattern, and not too much to be read with every chunk. */
const READ_CHARACTERS = 65_536;
const SHOWN_LINES = 20;
const SHOWN_CHARACTERS = 4000;

export class ServerOutput {
  #chunks: string[] = [];
  #length = 0;
  /** The end of what it has written since its last start. */
  #ofStart = '';
  #onText: (() => void)[] = [];

  add(text: string): void {
    this.#chunks.push(text);
    this.#length += text.length;
    this.#ofStart += text;
    if (this.#ofStart.length > 2 * READ_CHARACTERS) this.#ofStart = this.#ofStart.slice(-READ_CHARACTERS);
    if (this.#length > 2 * KEPT_CHARACTERS) this.#keepEnd();
    const listeners = this.#onText;
    this.#onText = [];
    for (const tell of listeners) tell();
  }

  text(): string {
    this.#keepEnd();
    return this.#chunks[0] ?? '';
  }

  /** From now on the server is another one, so that what it has written before says nothing. */
  beginStart(): void {
    this.#ofStart = '';
  }

  /** Since the last start, as people see it: without colours. */
  textOfStart(): string {
    return process.getBuiltinModule('node:util').stripVTControlCharacters(this.#ofStart);
  }

  /** For messages: the last lines of the last start, or '' if there are none. */
  lastLines(): string {
    return this.textOfStart().trimEnd().slice(-SHOWN_CHARACTERS).split('\n').slice(-SHOWN_LINES).join('\n');
  }

  /** Resolves when it has written more. */
  async next(): Promise<void> {
    return new Promise((resolve) => void this.#onText.push(resolve));
  }

  #keepEnd(): void {
    const text = this.#chunks.join('').slice(-KEPT_CHARACTERS);
    this.#chunks = text === '' ? [] : [text];
    this.#length = text.length;
  }
}
