/** A published schema, against values: they have what it says, and nothing that it does not name. */
import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

const ajv = new Ajv2020({ allErrors: true, strict: true, strictTypes: false, strictRequired: false });
/** Compiled once: some tests check each of many values. */
const validators = new Map<string, ValidateFunction>();

/** @param name of the file in schemas/ */
export function readSchema(name: string): object {
  return JSON.parse(readFileSync(new URL(`../../schemas/${name}`, import.meta.url), 'utf8')) as object;
}

/** @param name of the file in schemas/. @returns what is wrong with the value; undefined: nothing */
export function findSchemaProblem(name: string, value: unknown): string | undefined {
  const validate = validators.get(name) ?? ajv.compile(closed(readSchema(name)) as object);
  validators.set(name, validate);
  // As others read it.
  return validate(JSON.parse(JSON.stringify(value))) ? undefined : ajv.errorsText(validate.errors);
}

/** The published schema lets a later version add properties; a test must not. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const entries = Object.entries(schema).map(([name, part]) => [name, closed(part)] as const);
  const isObject = 'properties' in schema && 'type' in schema;
  return { ...Object.fromEntries(entries), ...(isObject ? { additionalProperties: false } : {}) };
}
