/**
 * What the product remembers in this thread, as text: whatever can be reached from what it keeps on `process`, and from
 * given objects of its user. Private fields are read through the inspector, whatever their names.
 */
import { Session } from 'node:inspector';

const BOX = '__inspected';
const GROUP = 'inspected';

interface RemoteValue {
  readonly value?: unknown;
  readonly objectId?: string;
}

interface Properties {
  readonly result: readonly { readonly value: RemoteValue }[];
  readonly privateProperties?: readonly { readonly value: RemoteValue }[];
}

let session: Session | undefined;

/** As if the thread had just begun. */
export function forgetThread(): void {
  for (const symbol of keptSymbols()) Reflect.deleteProperty(process, symbol);
}

/** Equal texts: whatever comes next, the product does the same. Memory that is shared is not part of it. */
export function rememberedState(objects: readonly unknown[]): string {
  const known = new Map<object, number>();
  const parts: string[] = [];
  let found: object[] = [[keptSymbols().map((symbol) => Reflect.get(process, symbol) as unknown), objects]];
  while (found.length > 0) {
    const next: object[] = [];
    for (const members of membersOfAll(found)) {
      for (const member of members) parts.push(describe(member, known, next));
      parts.push(';');
    }
    found = next;
  }
  return parts.join(' ');
}

function keptSymbols(): symbol[] {
  return Object.getOwnPropertySymbols(process).filter((symbol) =>
    Symbol.keyFor(symbol)?.startsWith('portslice/'),
  );
}

/** Objects are numbered as they are met. Functions do not change; what they have closed over, nobody can read. */
function describe(value: unknown, known: Map<object, number>, found: object[]): string {
  if (typeof value === 'function') return '()';
  if (typeof value !== 'object' || value === null) return String(value);
  let number = known.get(value);
  if (number === undefined) {
    number = known.size;
    known.set(value, number);
    found.push(value);
  }
  return `#${number}`;
}

function membersOfAll(objects: readonly object[]): unknown[][] {
  const fields = privateFieldsOf(objects.filter(mayHavePrivateFields));
  return objects.map((object) =>
    mayHavePrivateFields(object)
      ? [...entriesOf(object), ...(fields.shift() as unknown[])]
      : membersOf(object),
  );
}

function membersOf(object: object): unknown[] {
  if (object instanceof Map) return [...object].flat();
  if (object instanceof Set || Array.isArray(object)) return [...(object as Iterable<unknown>)];
  // The rest of what the language or Node has: shared memory, signals, promises.
  return object.constructor === Object ? entriesOf(object) : [];
}

function entriesOf(object: object): unknown[] {
  return Object.entries<unknown>(object as Record<string, unknown>).flat();
}

function mayHavePrivateFields({ constructor }: object): boolean {
  return constructor !== Reflect.get(globalThis, constructor.name);
}

/** All at once: each question to the inspector takes its time. */
function privateFieldsOf(objects: readonly object[]): unknown[][] {
  if (objects.length === 0) return [];
  session ??= connect();
  Reflect.set(globalThis, BOX, objects);
  const { result } = post('Runtime.evaluate', { expression: `globalThis.${BOX}`, objectGroup: GROUP }) as {
    result: RemoteValue;
  };
  const fields = propertiesOf(result)
    .result.slice(0, objects.length)
    .map(({ value }) => propertiesOf(value).privateProperties?.map((field) => field.value) ?? []);
  post('Runtime.callFunctionOn', {
    objectId: result.objectId,
    functionDeclaration: `function (...values) { globalThis.${BOX} = values; }`,
    arguments: fields
      .flat()
      .map(({ objectId, value }) => (objectId === undefined ? { value } : { objectId })),
  });
  post('Runtime.releaseObjectGroup', { objectGroup: GROUP });
  const values = Reflect.get(globalThis, BOX) as unknown[];
  return fields.map(({ length }) => values.splice(0, length));
}

function propertiesOf({ objectId }: RemoteValue): Properties {
  return post('Runtime.getProperties', { objectId, ownProperties: true }) as Properties;
}

function connect(): Session {
  const opened = new Session();
  opened.connect();
  return opened;
}

function post(method: string, parameters: object): unknown {
  let answer: unknown;
  session?.post(method, parameters, (error: Error | null, result: unknown) => {
    if (error === null) answer = result;
  });
  if (answer === undefined) throw new Error(`${method} failed`);
  return answer;
}
