/** Reads what attachments and files say, which can be damaged, or of another version. Each throws a TypeError that names the field. */

export type Told = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Told {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function numberOf(told: Told, name: string): number {
  const value = told[name];
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new TypeError(`${name} is no number`);
}

export function textOf(told: Told, name: string): string {
  const value = told[name];
  if (typeof value === 'string') return value;
  throw new TypeError(`${name} is no text`);
}

export function optionalNumberOf(told: Told, name: string): number | undefined {
  return told[name] === undefined || told[name] === null ? undefined : numberOf(told, name);
}

export function optionalTextOf(told: Told, name: string): string | undefined {
  return told[name] === undefined || told[name] === null ? undefined : textOf(told, name);
}

export function oneOf<Value extends string>(told: Told, name: string, values: readonly Value[]): Value {
  const value = values.find((one) => one === told[name]);
  if (value !== undefined) return value;
  throw new TypeError(`${name} is none of ${values.join(', ')}`);
}
