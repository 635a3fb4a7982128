/**
 * The run ports that a process has, as PORTSLICE_RUN_PORTS carries them to every process that is started from it:
 *
 *   {"processId":4711,"kind":"run","folder":"<id>","ports":{"<id>/web":20123}}
 */
import { HIGHEST_PORT, LOWEST_PORT } from './port-range.ts';

export interface RunPortTable {
  /** Who has the ports. */
  readonly processId: number;
  /** A run of tests, or the command `portslice run`. */
  readonly kind: 'run' | 'command';
  /** The id of the folder whose ports are meant where none is named. */
  readonly folder: string;
  /** By `runPortKey`. */
  readonly ports: Readonly<Record<string, number>>;
}

export function runPortKey(folder: string, canonicalName: string): string {
  return `${folder}/${canonicalName}`;
}

/** The ports of a table, for one in which another folder is meant where none is named. */
export function movePorts({ folder, ports }: RunPortTable, to: string): Record<string, number> {
  const own = Object.entries(ports).filter(([key]) => key.startsWith(`${folder}/`));
  return {
    ...ports,
    ...Object.fromEntries(own.map(([key, port]) => [`${to}${key.slice(folder.length)}`, port])),
  };
}

export function formatRunPortTable(table: RunPortTable): string {
  return JSON.stringify(table);
}

/** Undefined if the text is none. */
export function parseRunPortTable(text: string): RunPortTable | undefined {
  let table: Partial<RunPortTable> | null;
  try {
    table = JSON.parse(text) as typeof table;
  } catch {
    return undefined;
  }
  const { processId, kind, folder, ports } = table ?? {};
  const isWhole = Number.isInteger(processId) && typeof folder === 'string';
  if (!isWhole || (kind !== 'run' && kind !== 'command')) return undefined;
  if (typeof ports !== 'object' || ports === null || !Object.values(ports).every(isPort)) return undefined;
  return { processId: processId as number, kind, folder, ports };
}

function isPort(port: unknown): boolean {
  return Number.isInteger(port) && (port as number) >= LOWEST_PORT && (port as number) <= HIGHEST_PORT;
}
