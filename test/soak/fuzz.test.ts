/**
 * DESIGN.md, "Public API": a spec and what the operating system says are a set of ports or a typed error that names where
 * it comes from, in bounded time. Texts are made of the grammar with mistakes in it; the answers are compared with those of
 * regular expressions that say the same in another way. Time is bounded by the test's time-out alone: what is quadratic
 * takes hours for a megabyte. Single texts, each with its error, are in test/core.
 */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { windowsExcludedTexts, windowsRangeTexts } from '../support/netsh-texts.ts';
import { startProgram } from '../support/program.ts';
import type { HugeTextsCommands } from './huge-texts.program.ts';
import { repetitions, soakTimeoutMs } from './scale.ts';
import { check, parsers } from './text-oracle.ts';

const TIMEOUT_MS = soakTimeoutMs(240_000, 1_800_000);
const RUNS = repetitions(10_000, 100_000);

const port = fc.integer({ min: 1, max: 65_535 });
const number = fc.oneof(
  { weight: 20, arbitrary: port.map(String) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('0', '65536', '00080', '9'.repeat(400), '+1', '1.0', '1e3', '\u0661', ''),
  },
);
const range = fc.tuple(port, port).map(([one, two]) => `${Math.min(one, two)}-${Math.max(one, two)}`);
const item = fc.oneof(
  number,
  range,
  fc.tuple(number, number).map((ends) => ends.join('-')),
);
const space = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom('', '', ' ') },
  { weight: 1, arbitrary: fc.constantFrom('\t', '\u00A0', '\uFEFF', '\u2028', '\v', '\r\n', '\0', '\u200B') },
);
const joint = fc.constantFrom(
  ',',
  ',',
  ',',
  '\n',
  '\r\n',
  '# 1-2\n',
  '-',
  '\t',
  ' ',
  ': ',
  ' :\uFF1A',
  '\n\n',
  ' *\n',
);
const written = fc
  .array(fc.tuple(space, item, space, joint), { maxLength: 6 })
  .map((parts) => parts.flat().join('').slice(0, -1));
const goodSpec = fc
  .array(fc.oneof(range, port.map(String)), { minLength: 1 })
  .map((items) => items.join(','));
const lines = fc.array(
  fc.tuple(
    fc.constantFrom('Start : ', ' ', '', 'Ports\uFF1A'),
    number,
    fc.constantFrom('', '\t', ' '),
    number,
  ),
  { minLength: 1, maxLength: 3 },
);
const told = fc
  .tuple(lines, fc.constantFrom('\n', '\r\n', ' *\n'))
  .map(([rows, end]) => rows.map((row) => row.join('') + end).join(''));
const printed = fc.constantFrom(...Object.values(windowsRangeTexts), ...Object.values(windowsExcludedTexts));
const twoNumbers = fc.tuple(port, port).map(([first, last]) => `${first}\t${last}\n`);
const grammatical = fc.oneof(written, goodSpec, told, printed, twoNumbers);
/** As a damaged file or a wrong code page would. */
const spoilt = fc
  .tuple(grammatical, fc.nat(), fc.nat(3), fc.string({ unit: 'binary', maxLength: 2 }))
  .map(([text, at, removed, inserted]) => {
    const start = at % (text.length + 1);
    return text.slice(0, start) + inserted + text.slice(start + removed);
  });
const anyText = fc.oneof(
  { weight: 4, arbitrary: grammatical },
  { weight: 4, arbitrary: spoilt },
  fc.string({ unit: 'binary' }),
);

describe('every text is ports or a typed error', { timeout: TIMEOUT_MS }, () => {
  test.for(parsers)('for $name, as regular expressions say too', (parser) => {
    let accepted = 0;
    fc.assert(
      fc.property(anyText, (text) => {
        if (check(parser, text)) accepted++;
      }),
      { numRuns: RUNS },
    );
    // Neither answer is rare, so that both are tried.
    expect(Math.min(accepted, RUNS - accepted)).toBeGreaterThan(RUNS / 50);
  });

  test('for a megabyte of anything, in bounded time', async () => {
    // In a process of its own, which can be ended in the middle of a parser.
    await using program = startProgram<HugeTextsCommands>(new URL('huge-texts.program.ts', import.meta.url));
    expect(await program.call('checkAll', repetitions(2 ** 18, 2 ** 20))).toBeGreaterThan(100);
  });
});
