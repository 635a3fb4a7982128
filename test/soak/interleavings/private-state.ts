/** Reads the private fields of an object, whatever they are: part of what an actor's next steps depend on. */
import { Session } from 'node:inspector';

const KEY = '__inspected';
const GROUP = 'inspected';

interface RemoteValue {
  readonly subtype?: string;
  readonly value?: unknown;
  readonly objectId?: string;
}

let session: Session | undefined;

/** Numbers and lists of numbers, as text. */
export function privateStateOf(object: object): string {
  session ??= connect();
  const scope = globalThis as unknown as Record<string, object | undefined>;
  scope[KEY] = object;
  const { result } = post('Runtime.evaluate', {
    expression: `globalThis.${KEY}`,
    objectGroup: GROUP,
  }) as { result: RemoteValue };
  const { privateProperties } = post('Runtime.getProperties', {
    objectId: result.objectId,
    ownProperties: true,
  }) as { privateProperties: { name: string; value: RemoteValue }[] };
  const fields = privateProperties.map(({ name, value }) => `${name}=${textOf(value)}`);
  post('Runtime.releaseObjectGroup', { objectGroup: GROUP });
  scope[KEY] = undefined;
  return fields.join(' ');
}

function textOf({ subtype, value, objectId }: RemoteValue): string {
  if (objectId === undefined) return String(value);
  // Anything else does not change: the bounds, and the words, which are shared.
  if (subtype !== 'array') return '';
  const { result } = post('Runtime.callFunctionOn', {
    objectId,
    functionDeclaration: 'function () { return this.join(); }',
    returnByValue: true,
  }) as { result: RemoteValue };
  return String(result.value);
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
