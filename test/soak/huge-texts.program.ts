/** Gives the parsers texts of a megabyte. See fuzz.test.ts. */
import { serve } from '../support/serve.ts';
import { check, parsers } from './text-oracle.ts';

const UNITS = [
  '9',
  '0',
  '1',
  ',',
  ' ',
  '\t',
  '-',
  '\n',
  '\r\n',
  '#',
  ':',
  '*',
  'x',
  '\0',
  '\uFEFF',
  '\u{1F600}',
];
const GROUPS = [
  '1-65535,',
  '1 ,',
  '1 -',
  ' 1',
  '1#\n',
  '1 2 *\n',
  ':1\r\n',
  '\uFF1A',
  '\uD800',
  '65535-1,',
  ', ',
];

const commands = {
  /** @returns how many answers were right; throws at the first wrong one */
  checkAll: (length: number): number => {
    const gap = ' '.repeat(length / 2);
    const texts = [...UNITS, ...GROUPS].map((unit) => unit.repeat(length / unit.length));
    texts.push(`${'0'.repeat(length)}80`, `1${gap}-${gap}2`, `1${gap}${gap}2`);
    texts.push(`${'1,'.repeat(length / 2)}x`, `${':'.repeat(length / 2)}${gap}1\n: 2`);
    for (const text of texts) for (const parser of parsers) check(parser, text);
    return texts.length * parsers.length;
  },
};
export type HugeTextsCommands = typeof commands;
serve(commands);
