/**
 * Text of others (labels, titles, command lines, folders) that is shown to people: in one line, of bounded length, and without
 * anything that a terminal obeys. JSON and programs keep such text as it is.
 */

/** In characters: about 25 lines of a terminal. */
const MAX_LENGTH = 2000;
/** So much of it may be invisible. */
const INVISIBLE_TIMES = 8;

const FIRST_STRONG_ISOLATE = '\u2068';
const POP_DIRECTIONAL_ISOLATE = '\u2069';
export const ELLIPSIS = '…';

/** No literals: V8 would look up the classes while it reads this file, which every test run loads. */
const PATTERNS = {
  // CSI, then OSC, DCS, SOS, PM and APC with all of their text, then what is left: ESC and a letter.
  escapes: String.raw`(?:\x1b\[|\x9b)[0-?]*[ -\/]*[@-~]|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)|\x1b[ -\/]*[0-~]`,
  breaks: String.raw`[\p{Cc}\p{Zl}\p{Zp}]+`,
  // Half of a pair is no character.
  halves: String.raw`\p{Cs}`,
  // Invisible, or they turn the direction of what follows. Joiners belong to words and emoji, the Arabic signs are seen.
  invisible: String.raw`[\p{Cf}--[\u200c\u200d\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2]]+`,
  // Heaps of accents reach into other lines.
  heaps: String.raw`(\p{M}{6})\p{M}+`,
  rightToLeft: String.raw`[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Adlam}\p{Script=Samaritan}\p{Script=Mandaic}\p{Script=Hanifi_Rohingya}\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]`,
} as const;

const compiled = new Map<string, RegExp>();

function pattern(name: keyof typeof PATTERNS): RegExp {
  const known = compiled.get(name);
  if (known !== undefined) return known;
  const made = new RegExp(PATTERNS[name], 'gv');
  compiled.set(name, made);
  return made;
}

/** Printable ASCII, as nearly all of it is. */
const PLAIN = /^[ -~]*$/;

/** Harmless text of at most that many characters, cut with an ellipsis. Infinity: all of it. */
export function harmless(text: string, maxLength: number = MAX_LENGTH): string {
  return isolate(cut(withoutControls(text.slice(0, maxLength * INVISIBLE_TIMES)), maxLength));
}

/** As `harmless`, in its full length, and before it is isolated: for who cuts it himself. */
export function withoutControls(text: string): string {
  if (PLAIN.test(text)) return text.trim();
  return text
    .replaceAll(pattern('escapes'), '')
    .split(pattern('breaks'))
    .map((part) => part.trim())
    .join(' ')
    .replaceAll(pattern('invisible'), '')
    .replaceAll(pattern('halves'), '\ufffd')
    .replaceAll(pattern('heaps'), '$1')
    .trim();
}

/** Text with right-to-left letters, so that it does not turn what stands around it. */
export function isolate(text: string): string {
  if (PLAIN.test(text) || text.search(pattern('rightToLeft')) === -1) return text;
  return FIRST_STRONG_ISOLATE + text + POP_DIRECTIONAL_ISOLATE;
}

function cut(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  const characters = Array.from(text);
  if (characters.length <= maxLength) return text;
  return (
    characters
      .slice(0, maxLength - 1)
      .join('')
      .trimEnd() + ELLIPSIS
  );
}
