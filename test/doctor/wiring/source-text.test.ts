/** What the text of a configuration tells, without executing it. */
import { describe, expect, test } from 'vitest';
import { calls, namesOfExport, readSource, specifiersOf } from '../../../src/doctor/wiring/source-text.ts';

describe('The text of a configuration', () => {
  test.for<readonly [what: string, text: string, code: string, bare: string]>([
    ['a line comment', 'a // b\nc', 'a  \nc', 'a  \nc'],
    ['a block comment', 'a /* b\nc */ d', 'a   d', 'a   d'],
    ['a comment that does not end', 'a /* b', 'a  ', 'a  '],
    ['comment signs in a string', "'http://a' + b", "'http://a' + b", "'' + b"],
    ['a quote in a string', String.raw`'it\'s' // b`, String.raw`'it\'s'  `, "''  "],
    ['a template over lines', '`a\n// b` c', '`a\n// b` c', '`` c'],
    [
      'a regular expression with slashes',
      String.raw`test(/https?:\/\/a/) // b`,
      String.raw`test(/https?:\/\/a/)  `,
      'test(/)  ',
    ],
    ['a regular expression with quotes', `[/it's/, "b"]`, `[/it's/, "b"]`, '[/, ""]'],
    ['a division, and another one', 'a / b / c // d', 'a / b / c  ', 'a / b / c  '],
  ])('is read around %s', ([, text, code, bare]) => {
    expect(readSource(text)).toEqual({ code, bare });
  });

  test.for<readonly [text: string, specifiers: string[]]>([
    [`import a, { b } from 'c';\nimport type d from "e"; import 'f'`, ['c', 'e', 'f']],
    [`const a = require('b'); const c = await import('d')`, ['b', 'd']],
    [`export * from './a'`, ['./a']],
    [`// import a from 'b'\nlog("import x from 'y'")`, ['y']],
  ])('names what it imports: %j', ([text, specifiers]) => {
    expect(specifiersOf(readSource(text))).toEqual(specifiers);
  });

  test.for<readonly [text: string, name: string, names: string[]]>([
    [`import p from 'm';`, 'default', ['p']],
    [`import p, { q } from 'm';`, 'default', ['p']],
    [`import { default as p } from 'm';`, 'default', ['p']],
    [`const p = require('m');`, 'default', ['p']],
    [`const { default: p } = await import('m');`, 'default', ['p']],
    [`import { w } from 'm';`, 'w', ['w']],
    [`import {\n  type a,\n  w as x,\n} from "m";`, 'w', ['x']],
    [`const { w: x } = require('m');`, 'w', ['x']],
    [`import { w } from 'other';`, 'w', []],
    [`import * as all from 'm';`, 'w', []],
  ])('has local names for exports: %j', ([text, name, names]) => {
    expect(namesOfExport(readSource(text), 'm', name)).toEqual(names);
  });

  test.for<readonly [text: string, isCall: boolean]>([
    ['export default w({})', true],
    ['export default w<Config>({})', true],
    ['export default w (config)', true],
    ['export { w }', false],
    ['show(w)', false],
    ["log('w()')", false],
    ['// w()', false],
    ['withw()', false],
  ])('calls a function, or does not: %j', ([text, isCall]) => {
    expect(calls(readSource(text), ['w'])).toBe(isCall);
  });
});
