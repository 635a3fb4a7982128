/** The published schema of `ports.json`, as strict as only its own tests may be: nothing is in a report that it does not name. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type ErrorObject, Ajv2020 } from 'ajv/dist/2020.js';

export interface Schema {
  readonly type?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: unknown;
  readonly items?: Schema;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
}

const file = path.resolve(import.meta.dirname, '../../schemas/ports-report.schema.json');

export function readSchema(): Schema {
  return JSON.parse(readFileSync(file, 'utf8')) as Schema;
}

function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const changed = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, closed(value)]));
  const isClosed = 'properties' in changed && !('additionalProperties' in changed);
  return isClosed ? { ...changed, additionalProperties: false } : changed;
}

const validate = new Ajv2020({ allErrors: true }).compile(closed(readSchema()) as object);

/** What is wrong with it; nothing: it is as the schema says. */
export function problemsOf(report: unknown): ErrorObject[] {
  return validate(report) ? [] : [...(validate.errors ?? [])];
}
