/** The ports and servers that a test has told of, checked: into what the report has. */
import { isPortRange } from '../core/port-range.ts';
import type { PortUseReport, ServerUseReport, SharedReport } from './format.ts';
import {
  isObject,
  numberOf,
  oneOf,
  optionalNumberOf,
  optionalTextOf,
  textOf,
  type Told,
} from './told-values.ts';

type Scope = 'test' | Exclude<SharedReport['scope'], 'run'>;

export interface Scoped<Use> {
  readonly scope: Scope;
  readonly use: Use;
}

const SCOPES: readonly Scope[] = ['test', 'file', 'worker'];
const STATES = ['free', 'sealed', 'leaked'] as const;

/** @throws TypeError if it is damaged */
export function parsePortUses(told: unknown): Scoped<PortUseReport>[] {
  return objectsOf(told).map((use) => ({
    scope: oneOf(use, 'scope', SCOPES),
    use: {
      port: portOf(use, 'port'),
      fixture: textOf(use, 'fixture'),
      slice: optionalNumberOf(use, 'slice'),
      borrowed: use['borrowed'] === true,
      waitedMs: numberOf(use, 'waitedMs'),
      acquiredAtMs: numberOf(use, 'acquiredAtMs'),
      releasedAtMs: optionalNumberOf(use, 'releasedAtMs'),
      state: use['state'] === undefined ? undefined : oneOf(use, 'state', STATES),
      leakedBy: objectsOf(use['leakedBy'] ?? []).map((process) => ({
        processId: optionalNumberOf(process, 'processId'),
        command: optionalTextOf(process, 'command'),
      })),
    },
  }));
}

/** @throws TypeError if it is damaged */
export function parseServerUses(told: unknown): Scoped<ServerUseReport>[] {
  return objectsOf(told).map((use) => ({
    scope: oneOf(use, 'scope', SCOPES),
    use: {
      fixture: textOf(use, 'fixture'),
      command: textOf(use, 'command'),
      ports: portsByName(use['ports']),
      processId: optionalNumberOf(use, 'pid'),
      startedAtMs: numberOf(use, 'startedAtMs'),
      readyAfterMs: rounded(optionalNumberOf(use, 'readyAfterMs')),
      endedAtMs: optionalNumberOf(use, 'endedAtMs'),
      exitCode: optionalNumberOf(use, 'exitCode'),
      signal: optionalTextOf(use, 'signal'),
    },
  }));
}

function portsByName(told: unknown): Record<string, number> {
  if (!isObject(told)) throw new TypeError('ports is no object');
  return Object.fromEntries(Object.keys(told).map((name) => [name, portOf(told, name)]));
}

function portOf(told: Told, name: string): number {
  const port = numberOf(told, name);
  if (isPortRange(port, port)) return port;
  throw new TypeError(`${name} is no port`);
}

function objectsOf(told: unknown): Told[] {
  if (Array.isArray(told) && told.every(isObject)) return told;
  throw new TypeError('It is no list of objects');
}

function rounded(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Math.round(value);
}
