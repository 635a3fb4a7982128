/** What Windows tells of a process: its family, its command, and how it has ended. Parsed apart from being asked. */
import type { ProcessEnd } from '../port-kernel.ts';
import {
  CommandLine,
  INVALID_HANDLE_VALUE,
  PROCESS_BASIC_INFORMATION,
  PROCESS_COMMAND_LINE_INFORMATION,
  PROCESS_QUERY_LIMITED_INFORMATION,
  ProcessBasicInformation,
  ProcessEntry,
  SYNCHRONIZE,
  TH32CS_SNAPPROCESS,
  WAIT_OBJECT_0,
} from './constants.ts';
import { Scratch } from './scratch.ts';
import { type Win32, win32 } from './win32.ts';

const MAX_DEPTH = 64;
const MAX_PROCESSES = 65_536;

/** The process itself first. A parent is left out that is younger than its child: its number was used again. */
export function findAncestors(processId: number): number[] {
  const chain: number[] = [];
  let childCreatedAt = Infinity;
  for (let current = processId; current > 0 && chain.length < MAX_DEPTH;) {
    const facts = withProcess(current, PROCESS_QUERY_LIMITED_INFORMATION, readFacts);
    if (facts === undefined || facts.createdAt > childCreatedAt || chain.includes(current)) break;
    chain.push(current);
    childCreatedAt = facts.createdAt;
    current = facts.parentId;
  }
  return chain;
}

/** Children first, then theirs, and so on. Who is older than its parent is the child of one that had the number before. */
export function findDescendants(processId: number): number[] {
  const parents = listParents();
  const family = [processId];
  // The list grows while it is read: with every process that is found come its children.
  for (const member of family) {
    const children = [...parents].filter(([child, parent]) => parent === member && !family.includes(child));
    const createdAt = children.length === 0 ? Infinity : (findStart(member) ?? Infinity);
    for (const [child] of children) if ((findStart(child) ?? 0) >= createdAt) family.push(child);
  }
  return family.slice(1);
}

/** In units of 100 ns since 1601. Undefined: it is gone, or is another user's. */
export function findStart(processId: number): number | undefined {
  return withProcess(processId, PROCESS_QUERY_LIMITED_INFORMATION, readStart);
}

export function readCommand(processId: number): string | undefined {
  return withProcess(processId, PROCESS_QUERY_LIMITED_INFORMATION, (handle, api) => {
    const { buffer, pointer } = api.allocate(CommandLine.byteLength);
    const kind = PROCESS_COMMAND_LINE_INFORMATION;
    const length = api.scratchPointer + Scratch.length;
    const status = api.queryProcess(handle, kind, pointer, CommandLine.byteLength, length);
    return status === 0 ? parseCommandLine(buffer) : undefined;
  });
}

/** Known for as long as somebody, such as the parent, has a handle of the process. There are no signals. */
export function findEnd(processId: number): ProcessEnd | undefined {
  return withProcess(processId, SYNCHRONIZE | PROCESS_QUERY_LIMITED_INFORMATION, (handle, api) => {
    if (api.waitForSingleObject(handle, 0) !== WAIT_OBJECT_0) return undefined;
    if (api.exitCodeOf(handle, api.scratchPointer + Scratch.structure) === 0) return undefined;
    return { exitCode: api.scratch.readUInt32LE(Scratch.structure), signal: undefined };
  });
}

export function parseParent(information: Buffer): number {
  return Number(information.readBigUInt64LE(ProcessBasicInformation.parentProcessId));
}

/** Messages are one line. */
export function parseCommandLine(information: Buffer): string {
  const byteLength = information.readUInt16LE(CommandLine.textBytes);
  const text = information.toString('utf16le', CommandLine.text, CommandLine.text + byteLength);
  return text.replaceAll(/\s+/g, ' ').trim();
}

export function parseProcessEntry(entry: Buffer): readonly [processId: number, parentId: number] {
  return [entry.readUInt32LE(ProcessEntry.processId), entry.readUInt32LE(ProcessEntry.parentProcessId)];
}

interface Facts {
  readonly parentId: number;
  /** As `findStart`. */
  readonly createdAt: number;
}

function readFacts(handle: number, api: Win32): Facts | undefined {
  const at = Scratch.structure;
  const result = api.scratchPointer + at;
  const { byteLength } = ProcessBasicInformation;
  if (api.queryProcess(handle, PROCESS_BASIC_INFORMATION, result, byteLength, 0) !== 0) return undefined;
  const parentId = parseParent(api.scratch.subarray(at, at + byteLength));
  const createdAt = readStart(handle, api);
  return createdAt === undefined ? undefined : { parentId, createdAt };
}

/** As `findStart`. */
export function readStart(handle: number, api: Win32): number | undefined {
  const result = api.scratchPointer + Scratch.structure;
  if (api.timesOf(handle, result, result + 8, result + 16, result + 24) === 0) return undefined;
  return Number(api.scratch.readBigUInt64LE(Scratch.structure));
}

function listParents(): ReadonlyMap<number, number> {
  const api = win32();
  const parents = new Map<number, number>();
  const snapshot = api.snapshot(TH32CS_SNAPPROCESS, 0);
  if (snapshot === INVALID_HANDLE_VALUE) return parents;
  const { buffer, pointer } = api.allocate(ProcessEntry.byteLength);
  buffer.writeUInt32LE(ProcessEntry.byteLength);
  let found = api.firstProcess(snapshot, pointer);
  for (let count = 0; found !== 0 && count < MAX_PROCESSES; count++) {
    parents.set(...(parseProcessEntry(buffer) as [number, number]));
    found = api.nextProcess(snapshot, pointer);
  }
  api.closeHandle(snapshot);
  return parents;
}

/** @returns undefined also where the process is gone, or another user's */
export function withProcess<T>(
  processId: number,
  access: number,
  use: (handle: number, api: Win32) => T | undefined,
): T | undefined {
  const api = win32();
  const handle = api.openProcess(access, 0, processId);
  if (handle === 0) return undefined;
  try {
    return use(handle, api);
  } finally {
    api.closeHandle(handle);
  }
}
