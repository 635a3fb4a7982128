/** Text of others, as the command shows it: no terminal obeys it, and it stays where it belongs. */
import { describe, expect, test } from 'vitest';
import { formatTable } from '../../src/cli/table.ts';
import { fit, widthOf } from '../../src/cli/text-width.ts';
import { harmless } from '../../src/errors/index.ts';

const ESC = '\x1b';

describe('Harmless text', () => {
  test.for<readonly [what: string, text: string, shown: string]>([
    ['plain text as it is', 'a test > of (this) kind', 'a test > of (this) kind'],
    ['letters of all scripts as they are', 'äöü 漢字 ไทย हिन्दी Ελληνικά', 'äöü 漢字 ไทย हिन्दी Ελληνικά'],
    ['emoji that are joined', '👨‍👩‍👧‍👦', '👨‍👩‍👧‍👦'],
    ['colours left out', `${ESC}[1;31mred${ESC}[0m`, 'red'],
    ['colours of eight-bit terminals left out', '\u009b31mred\u009b0m', 'red'],
    ['a title for the window left out', `${ESC}]0;owned\x07text`, 'text'],
    ['a link left out', `${ESC}]8;;http://evil/${ESC}\\click${ESC}]8;;${ESC}\\`, 'click'],
    ['a device control string left out', `${ESC}P$q"p${ESC}\\text`, 'text'],
    ['a reset left out', `${ESC}ctext`, 'text'],
    ['the begin of an escape that has no end left out', `a${ESC}]0;without end`, 'a0;without end'],
    ['a bell, a backspace and a delete made spaces', 'a\x07b\x08c\x7fd', 'a b c d'],
    ['lines joined', '  one\r\n\n   two \u2028 three\t', 'one two three'],
    ['direction turned by nothing', 'a\u202egnp.exe\u202c\u2066b\u2069\u200f\u061c', 'agnp.exeb'],
    ['invisible characters left out', 'a\u200b\ufeff\u00ad\u{e0041}b', 'ab'],
    ['half of a pair replaced', 'a\ud83d', 'a\ufffd'],
    ['heaps of accents cut down', `e${'\u0301'.repeat(50)}!`, `e${'\u0301'.repeat(6)}!`],
    ['Hebrew isolated', 'שלום', '\u2068שלום\u2069'],
    ['Arabic in other text isolated', 'test مرحبا 1', '\u2068test مرحبا 1\u2069'],
    ['nothing where there is nothing to see', `${ESC}[2J\r\n\u200b`, ''],
  ])('has %s', ([, text, shown]) => {
    expect(harmless(text)).toBe(shown);
  });

  test('is cut with an ellipsis, between characters', () => {
    expect(harmless('x'.repeat(10_000))).toBe(`${'x'.repeat(1999)}…`);
    expect(harmless('😀'.repeat(10_000), 3)).toBe('😀😀…');
    expect(harmless('x'.repeat(10_000), Infinity)).toHaveLength(10_000);
  });

  test('takes no time for what is made to take long', () => {
    const texts = [' ', `${ESC}]`, '\n ', '\u202e', '\u0301', `${ESC}[`].map((part) => part.repeat(100_000));
    // Quadratic ones would run for minutes.
    for (const text of texts) expect(harmless(`a${text}é`, Infinity)).toMatch(/^a.*é$/);
  });
});

describe('Text that has to fit', () => {
  test.for<readonly [text: string, width: number, shown: string]>([
    ['short', 10, 'short'],
    ['exactly 10', 10, 'exactly 10'],
    ['longer than 10', 10, 'longer th…'],
    ['cut after a space', 5, 'cut…'],
    ['漢字漢字', 8, '漢字漢字'],
    ['漢字漢字', 7, '漢字漢…'],
    ['漢字漢字', 6, '漢字…'],
    ['👨‍👩‍👧‍👦👨‍👩‍👧‍👦', 3, '👨‍👩‍👧‍👦…'],
    ['שלום עולם', 5, '\u2068שלום…\u2069'],
    [`${ESC}[31m${'x'.repeat(10_000)}`, 4, 'xxx…'],
    ['', 4, ''],
  ])('%j in %d columns is %j', ([text, width, shown]) => {
    expect(fit(text, width)).toBe(shown);
    expect(widthOf(fit(text, width))).toBeLessThanOrEqual(width);
  });
});

describe('A table', () => {
  const COLUMNS = [
    { title: 'PORT', align: 'right' },
    { title: 'TEST', minWidth: 8 },
    { title: 'NOTE' },
    { title: 'COMMAND', minWidth: 10 },
  ] as const;
  const ROWS = [
    ['20123', `a ${ESC}[31mred${ESC}[0m\ntest`, '', 'node server.js'],
    ['7', 'שלום עולם', '', 'x'.repeat(10_000)],
    ['3000', '漢字テスト', '', 'e\u0301t\u0301e\u0301'],
  ];

  test('has its columns one below the other, whatever is in them, and none that is empty', () => {
    expect(formatTable(COLUMNS, ROWS, 50).split('\n')).toEqual([
      ' PORT  TEST        COMMAND',
      '20123  a red test  node server.js',
      `    7  \u2068שלום עולם\u2069   ${'x'.repeat(30)}…`,
      ' 3000  漢字テスト  e\u0301t\u0301e\u0301',
    ]);
  });

  test.for([80, 60, 40, 30])('fits into %d columns', (width) => {
    for (const line of formatTable(COLUMNS, ROWS, width).split('\n'))
      expect(widthOf(line)).toBeLessThanOrEqual(width);
  });

  test('is never made narrower than its columns may be', () => {
    const lines = formatTable(COLUMNS, ROWS, 10).split('\n');
    expect(lines[1]).toBe('20123  a red t…  node serv…');
  });

  test('has no colours where no terminal reads it', () => {
    const rows = [[{ text: '1', style: 'red' as const }, 'a', '', 'b']];
    expect(formatTable(COLUMNS, rows, undefined)).toBe('PORT  TEST  COMMAND\n   1  a     b');
  });
});
