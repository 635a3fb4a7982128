/** How much room text takes in a terminal, in columns: most letters one, Chinese and emoji two, accents none. */
import stringWidth from 'string-width';
import { ELLIPSIS, isolate, withoutControls } from '../errors/index.ts';

/** As most text is. To look for colours and emoji in it takes a hundred times as long. */
const PLAIN = /^[ -~]*$/;

/** Colours and isolates take none. */
export function widthOf(text: string): number {
  if (PLAIN.test(text)) return text.length;
  return stringWidth(text.replaceAll(/[\u2068\u2069]/g, ''));
}

/** A column has several characters at most. */
const CHARACTERS_PER_COLUMN = 20;

/** Harmless text in one line of at most that width, cut with an ellipsis. */
export function fit(text: string, width: number): string {
  const seen = text.slice(0, width * CHARACTERS_PER_COLUMN);
  const clean = withoutControls(seen);
  return isolate(seen === text && widthOf(clean) <= width ? clean : cutTo(width, clean));
}

function cutTo(width: number, text: string): string {
  const parts: string[] = [];
  let left = width - widthOf(ELLIPSIS);
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    left -= widthOf(segment);
    if (left < 0) break;
    parts.push(segment);
  }
  return parts.join('').trimEnd() + ELLIPSIS;
}

/** Harmless text in lines of at most that width, broken at spaces. A longer word has a line of its own. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const next of text.split(' ')) {
    const longer = line === '' ? next : `${line} ${next}`;
    if (line !== '' && widthOf(longer) > width) {
      lines.push(line);
      line = next;
    } else line = longer;
  }
  return [...lines, line];
}

/**
 * The start, which may have colours, and the text behind it, in lines of at most that width. Those after the first are indented as
 * far as the start. Undefined: no terminal reads it, and it stays one line.
 */
export function wrapAfter(start: string, text: string, width: number | undefined): string[] {
  const indent = ' '.repeat(widthOf(start));
  const lines = width === undefined ? [text] : wrap(text, width - indent.length);
  return lines.map((line, at) => (at === 0 ? start : indent) + line);
}
