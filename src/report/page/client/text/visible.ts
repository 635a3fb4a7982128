/** Text of tests, processes and files is hostile: here it becomes one that shows what it is, and is not too long. */

const FIRST_PICTURE = 0x24_00;
const DELETE = 0x7f;
/** Of a character that takes two, where the cut is between them. */
const HALF = /[\uD800-\uDBFF]$/;
const DELETE_PICTURE = '\u2421';

/** Control characters and those that turn the direction of what follows, as pictures; cut after so many characters. */
export function visible(text: string, mostCharacters = 300): string {
  const cut =
    text.length > mostCharacters ? `${text.slice(0, mostCharacters).replace(HALF, '')}\u2026` : text;
  return cut.replaceAll(/[\p{Cc}\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu, pictureOf);
}

function pictureOf(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(FIRST_PICTURE + code);
  return code === DELETE ? DELETE_PICTURE : '\uFFFD';
}

/** The names of the suites, and the test's own. */
export function titleOf(titles: readonly string[], mostCharacters?: number): string {
  return visible(titles.join(' \u203A '), mostCharacters);
}

export function placeOf(file: string, line: number | undefined): string {
  return line === undefined ? file : `${file}:${line}`;
}
