import { describe, expect, test } from 'vitest';
import type { PortsReport } from '../../src/report/format.ts';
import { findSchemaProblem, readSchema } from '../support/check-schema.ts';
import { bare, complete } from './samples.ts';

const NAME = 'ports-report.schema.json';

interface Schema {
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
}

/** Each object of the JSON with the part of the schema that is about it. */
function* objectsOf(
  value: unknown,
  schema: Schema,
  root: Schema,
): Generator<readonly [object: Record<string, unknown>, schema: Schema]> {
  const name = schema.$ref?.split('/').at(-1);
  const own = name === undefined ? schema : (root.$defs?.[name] ?? {});
  if (Array.isArray(value)) for (const item of value) yield* objectsOf(item, own.items ?? {}, root);
  else if (typeof value === 'object' && value !== null && own.properties !== undefined) {
    const object = value as Record<string, unknown>;
    yield [object, own];
    for (const [key, part] of Object.entries(own.properties)) yield* objectsOf(object[key], part, root);
  }
}

function asJSON(report: PortsReport): Record<string, unknown> {
  return JSON.parse(JSON.stringify(report)) as Record<string, unknown>;
}

describe('the published schema', () => {
  test('accepts a report that has everything, and one that has nothing that may be missing', () => {
    expect(findSchemaProblem(NAME, complete)).toBeUndefined();
    expect(findSchemaProblem(NAME, bare)).toBeUndefined();
  });

  test('names no field that a report does not have', () => {
    const schema: Schema = readSchema(NAME);
    for (const [object, { properties = {} }] of objectsOf(asJSON(complete), schema, schema))
      expect(Object.keys(object).toSorted()).toEqual(Object.keys(properties).toSorted());
  });

  test('lets those fields be missing that a report may lack, and no others', () => {
    const schema: Schema = readSchema(NAME);
    const seen = new Map<Schema, Set<string>>();
    for (const [object, part] of objectsOf(asJSON(bare), schema, schema)) {
      const always = seen.get(part) ?? new Set(Object.keys(object));
      seen.set(part, new Set([...always].filter((key) => key in object)));
    }
    for (const [part, always] of seen)
      expect([...always].toSorted()).toEqual([...(part.required ?? [])].toSorted());
    expect(seen.size).toBeGreaterThan(12);
  });

  test.each([
    ['another version', { version: 2 }],
    [
      'a port that is none',
      { shared: [{ ...complete.shared[0], ports: [{ ...complete.tests[0]?.ports[0], port: 0 }] }] },
    ],
    ['an outcome that does not exist', { tests: [{ ...complete.tests[0], outcome: 'good' }] }],
    ['a field that nobody knows', { more: true }],
  ])('refuses %s', (_what, change) => {
    expect(findSchemaProblem(NAME, { ...complete, ...change })).toBeDefined();
  });
});
