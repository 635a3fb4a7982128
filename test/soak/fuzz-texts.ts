/** Texts for the parsers: from their grammars, real ones, and both with mistakes in them. */
import * as fc from 'fast-check';
import { windowsExcludedTexts, windowsRangeTexts } from '../support/netsh-texts.ts';

const number = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: 1, max: 65_535 }).map(String) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 70_000 }).map(String) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('0', '1', '65535', '65536', '00080', '4294967297', '9'.repeat(400)),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('', '+1', '-1', '1.0', '1e3', '0x50', '\u0661\u0662', '\uFF11', '1_000'),
  },
);
const space = fc.oneof(
  { weight: 8, arbitrary: fc.constant('') },
  { weight: 3, arbitrary: fc.constantFrom(' ', '\t', '  ') },
  { weight: 1, arbitrary: fc.constantFrom('\u00A0', '\uFEFF', '\u2028', '\v', '\n', '\r\n', '\0', '\u200B') },
);
const ascending = fc
  .tuple(fc.integer({ min: 1, max: 65_535 }), fc.integer({ min: 0, max: 300 }))
  .map(([first, more]) => [String(first), String(Math.min(65_535, first + more))] as const);
const range = fc
  .tuple(
    fc.oneof({ weight: 3, arbitrary: ascending }, { weight: 1, arbitrary: fc.tuple(number, number) }),
    space,
    space,
  )
  .map(([[first, last], before, after]) => `${first}${before}-${after}${last}`);
const item = fc.tuple(space, fc.oneof(number, range), space).map((parts) => parts.join(''));
const spec = fc.array(item, { minLength: 1, maxLength: 8 }).map((items) => items.join(','));
const goodItem = fc
  .tuple(
    fc.constantFrom('', ' '),
    fc.oneof(
      ascending.map((ends) => ends.join('-')),
      ascending.map(([first]) => first),
    ),
  )
  .map((parts) => parts.join(''));
const goodSpec = fc.array(goodItem, { minLength: 1, maxLength: 20 }).map((items) => items.join(','));
const comment = fc.constantFrom('', '', '# ports', '#', ' # 1-2, 3 # 4');
const lineEnd = fc.constantFrom('\n', '\n', '\r\n', '\r', '\n\n');
const file = fc
  .array(fc.tuple(fc.oneof(spec, goodSpec, fc.constant('')), comment, lineEnd), { maxLength: 6 })
  .map((lines) => lines.flat().join(''));

const twoPorts = fc
  .tuple(space, number, fc.constantFrom('\t', '\n', ' ', '', '\r\n'), number, space)
  .map((parts) => parts.join(''));
const colonLines = fc
  .array(fc.tuple(fc.string({ maxLength: 9 }), fc.constantFrom(':', ' : ', '\uFF1A', ''), number, lineEnd))
  .map((lines) => lines.flat().join(''));
const columns = fc
  .array(
    fc.tuple(
      space,
      number,
      fc.constantFrom(' ', '     ', '\t'),
      number,
      fc.constantFrom('', '   *', ' x'),
      lineEnd,
    ),
  )
  .map((lines) => lines.flat().join(''));
const printed = fc.constantFrom(...Object.values(windowsRangeTexts), ...Object.values(windowsExcludedTexts));
const random = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary-ascii' }));

interface Mistake {
  readonly at: number;
  readonly removed: number;
  readonly bytes: Uint8Array;
}

const mistakes = fc.array(
  fc.record({
    at: fc.nat(),
    removed: fc.integer({ min: 0, max: 4 }),
    bytes: fc.uint8Array({ maxLength: 3 }),
  }),
  { minLength: 1, maxLength: 4 },
);

/** Bytes are changed, as a damaged file or a wrong code page would. */
function spoil(text: string, all: readonly Mistake[], encoding: 'utf8' | 'latin1'): string {
  let bytes = Buffer.from(text, encoding);
  for (const { at, removed, bytes: inserted } of all) {
    const start = bytes.length === 0 ? 0 : at % bytes.length;
    bytes = Buffer.concat([bytes.subarray(0, start), inserted, bytes.subarray(start + removed)]);
  }
  return bytes.toString(encoding);
}

function withMistakes(texts: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const spoilt = fc
    .tuple(texts, mistakes, fc.constantFrom('utf8' as const, 'latin1' as const))
    .map((parts) => spoil(...parts));
  return fc.oneof(
    { weight: 4, arbitrary: texts },
    { weight: 4, arbitrary: spoilt },
    { weight: 1, arbitrary: random },
  );
}

/** For parsePortSpec and parsePortsFile. */
export const portTexts: fc.Arbitrary<string> = withMistakes(fc.oneof(spec, goodSpec, file));
/** For the parsers of what an operating system says. */
export const systemTexts: fc.Arbitrary<string> = withMistakes(
  fc.oneof(twoPorts, colonLines, columns, printed),
);

/** Texts of a megabyte. */
export function hugeTexts(length: number): Record<string, string> {
  const units = [
    '9',
    '0',
    '1',
    ',',
    ' ',
    '\t',
    '-',
    '\n',
    '\r',
    '\r\n',
    '#',
    ':',
    '*',
    'x',
    '\0',
    '\u00A0',
    '\uFEFF',
  ].concat(
    [
      '1-65535,',
      '1,',
      '1 ,',
      '1-',
      '1 -',
      ' 1',
      '1 ',
      '1\n',
      '1#\n',
      '#\n',
      '1 2\n',
      '1 2 *\n',
      ': 1\n',
      ':1\r\n',
    ],
    ['\uFF1A', '\u{1F600}', '\uD800', '\u2028', '65535-1,', '1-65535\n', ' - ', ', ', '# 1-2\r'],
  );
  const repeated = units.map((unit) => [JSON.stringify(unit), unit.repeat(length / unit.length)] as const);
  const gap = ' '.repeat(length / 2);
  return {
    ...Object.fromEntries(repeated),
    'a port after zeros': `${'0'.repeat(length)}80`,
    'a range with gaps': `1${gap}-${gap}2`,
    'two ports with a gap': `1${gap}${gap}2`,
    'a fault at the end': `${'1-65535,'.repeat(length / 8)}x`,
    'a colon and a gap': `${':'.repeat(length / 2)}${gap}1\n: 2`,
  };
}
