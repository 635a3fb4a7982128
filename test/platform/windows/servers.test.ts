/** What servers take from Windows, on answers as they are documented: Wine does not tell whose sockets are. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ResourceLimitError, UnsupportedPlatformError } from '../../../src/errors/index.ts';
import { Job, parseProcessIds } from '../../../src/platform/windows/job.ts';
import { findListeners } from '../../../src/platform/windows/listeners.ts';
import {
  canListSockets,
  listSockets,
  readListeningSockets,
} from '../../../src/platform/windows/listening-sockets.ts';
import { openProcessTree } from '../../../src/platform/windows/process-tree.ts';
import { findServedPorts, formatRecord, parseRecord } from '../../../src/platform/windows/served-ports.ts';
import { system } from '../../../src/platform/windows/server-platform.ts';
import { shellCommand, spawnOptions } from '../../../src/platform/windows/shell.ts';
import { type Win32, win32 } from '../../../src/platform/windows/win32.ts';
import { errorOf } from '../../support/catch-error.ts';
import {
  processIdList,
  type RecordedProcess,
  type RecordedSocket,
  recordWindows,
  type RecordedWindows,
} from './recorded-windows.ts';

const EVERY_IPV4 = [0, 0, 0, 0];
const LOOPBACK = [127, 0, 0, 1];
const EVERY_ADDRESS = Array.from({ length: 16 }, () => 0);
/** FILETIME of the year 2026, in steps that a number can tell apart. */
const START = 134_000_000_000_000_000;
const LATER = START + 1024;

const started = (id: number, parent: number, start: number = LATER): RecordedProcess => ({
  id,
  parent,
  start,
});

let windows: RecordedWindows;
beforeEach(() => {
  windows = recordWindows();
});
afterEach(() => windows[Symbol.dispose]());

describe('Sockets that listen', () => {
  const SOCKETS: readonly [RecordedSocket, RecordedSocket, RecordedSocket] = [
    { address: EVERY_IPV4, port: 20_123, owner: 4711 },
    { address: LOOPBACK, port: 20_124, owner: 4712 },
    { address: EVERY_ADDRESS, port: 20_123, owner: 4711 },
  ];

  test('are told of with their addresses, and are those of their processes', () => {
    windows.sockets = [...SOCKETS];
    const sockets = readListeningSockets() ?? [];
    expect(sockets.map(({ address, port, userId }) => [address, port, userId])).toEqual([
      ['0.0.0.0', 20_123, undefined],
      ['127.0.0.1', 20_124, undefined],
      ['::', 20_123, undefined],
    ]);
    const [first, second, third] = sockets.map(({ socketId }) => socketId);
    expect(new Set([first, second, third]).size).toBe(3);
    expect(listSockets(4711)).toEqual([first, third]);
    expect(listSockets(4712)).toEqual([second]);
    expect(listSockets(4713)).toEqual([]);
    expect(canListSockets()).toBe(true);
    expect(findListeners(20_123)).toEqual([{ processId: 4711, command: undefined, userId: undefined }]);
  });

  test('are another one when another process has the address and the port', () => {
    const [onIPv4, onLoopback, onAll] = SOCKETS;
    windows.sockets = [...SOCKETS];
    const before = readListeningSockets();
    expect(readListeningSockets()).toBe(before);
    const ids = new Set(before?.map(({ socketId }) => socketId));
    for (const sockets of [
      [{ ...onIPv4, owner: 4713 }, onLoopback, onAll],
      [{ ...onIPv4, owner: 4713 }, onLoopback, { ...onAll, owner: 4713 }],
    ]) {
      windows.sockets = sockets;
      const now = readListeningSockets();
      expect(now?.map(({ socketId }) => socketId).filter((id) => !ids.has(id))).toEqual(listSockets(4713));
    }
    expect(listSockets(4713)).toHaveLength(2);
  });

  test('are nobody’s where no process is told, as under Wine', () => {
    windows.sockets = [{ address: EVERY_ADDRESS, port: 20_123, owner: 0 }];
    expect(readListeningSockets()).toHaveLength(1);
    expect([listSockets(4711), listSockets(0), canListSockets()]).toEqual([[], [], false]);
  });

  test('are more than the first answer has room for', () => {
    windows.sockets = Array.from({ length: 1000 }, (_, index) => ({
      address: LOOPBACK,
      port: 1024 + index,
      owner: 4711,
    }));
    expect(listSockets(4711)).toHaveLength(1000);
  });
});

describe('The processes of a server', () => {
  test('are those of its job, the oldest first, and nobody else', () => {
    windows.processes = [started(30, 1, START), started(20, 30), started(40, 1, START)];
    const tree = openProcessTree();
    tree.add(30);
    expect(tree.findProcesses()).toEqual([30, 20]);
    // Whoever listens in place of the server is not one of them.
    expect([30, 20, 40].map((id) => tree.has(id))).toEqual([true, true, false]);
    expect(tree.problem).toBeUndefined();
    expect(tree.signal('SIGTERM')).toBe(2);
    expect(windows.processes.map(({ id }) => id)).toEqual([40]);
    expect([tree.findProcesses(), tree.signal('SIGKILL')]).toEqual([[], 0]);
  });

  test('are also those that were started before it was put into the job, and while they were looked for', () => {
    windows.processes = [started(30, 1, START), started(31, 30), started(32, 31)];
    windows.beforeAssignment = (id) => {
      if (id === 32) windows.processes = [...windows.processes, started(33, 32)];
    };
    const tree = openProcessTree();
    tree.add(30);
    expect([...windows.job].toSorted((a, b) => a - b)).toEqual([30, 31, 32, 33]);
  });

  test('are not the older children of a process that had its number before', () => {
    windows.processes = [started(30, 1, LATER), started(31, 30, START), started(32, 31, LATER)];
    const tree = openProcessTree();
    tree.add(30);
    expect([...windows.job]).toEqual([30]);
  });

  test('leave no handle open where Windows does not watch the thread that starts them', async () => {
    const open = new Set<number>();
    const opens = (handle: number): number => {
      open.add(handle);
      return handle;
    };
    const api: Win32 = {
      ...win32(),
      isMainThread: false,
      createJob: () => opens(4),
      openThread: () => opens(8),
      moduleOf: () => 1,
      addressOf: () => 1,
      registerWait: () => 0,
      lastError: () => 8,
      closeHandle: (handle) => Number(open.delete(handle)),
    };
    await errorOf(ResourceLimitError, () => new Job(api));
    expect([...open]).toEqual([]);
  });

  test('end when their tree is closed, and then there are none, whoever asks', () => {
    windows.processes = [started(30, 1), started(40, 1)];
    const tree = openProcessTree();
    tree.add(30);
    tree.close();
    expect(windows.processes.map(({ id }) => id)).toEqual([40]);
    // As while a stopped server's port is waited for, or when the process ends in that moment.
    expect([tree.has(30), tree.findProcesses(), tree.signal('SIGKILL')]).toEqual([false, [], 0]);
    tree.close();
  });

  test('can be more than the first list has room for', () => {
    windows.processes = [started(30, 1, START)];
    for (let id = 100; id < 1100; id++) windows.processes.push(started(id, 30));
    const tree = openProcessTree();
    tree.add(30);
    expect(tree.findProcesses()).toHaveLength(1001);
  });
});

test('A list of the processes of a job is read as far as it goes', () => {
  expect(parseProcessIds(processIdList([4, 100_000]))).toEqual([4, 100_000]);
  expect(parseProcessIds(Buffer.concat([processIdList([4]), Buffer.alloc(64, 0xcc)]))).toEqual([4]);
  // The job has more than are in the list.
  const longer = processIdList([4, 8]);
  longer.writeUInt32LE(3, 0);
  expect(parseProcessIds(Buffer.concat([longer, Buffer.alloc(8, 0xcc)]))).toEqual([4, 8]);
  expect(parseProcessIds(processIdList([4, 8]).subarray(0, 16))).toEqual([4]);
});

test('The record of a served port has port, process and start; what is not written yet is none', () => {
  const served = { port: 20_123, processId: 4711, processStart: START };
  expect(formatRecord(served).toString('hex')).toBe('9b4e000067120000' + hexOf(START));
  expect(parseRecord(formatRecord(served))).toEqual(served);
  expect(parseRecord(Buffer.alloc(16))).toBeUndefined();
  expect(parseRecord(formatRecord({ ...served, port: 65_536 }))).toBeUndefined();
  expect(parseRecord(formatRecord({ ...served, processId: 0 }))).toBeUndefined();
});

describe('A port that is said to be served', () => {
  const MUTEX = 'Global\\portslice-name-f01de4-web';
  const SECTION = 'Local\\portslice-served-f01de4-web-ready';
  const served = { port: 20_123, processId: 4711, processStart: START };
  const found = [{ folder: 'f01de4', name: 'web', port: 20_123, processId: 4711, isReady: true }];
  beforeEach(() => {
    windows.processes = [{ id: 4711, parent: 1, start: START }];
    windows.mutexes.set(MUTEX, 4711);
    windows.sections.set(SECTION, formatRecord(served));
  });

  test('is believed of the process that has the mutex', () => {
    expect(findServedPorts('f01de4', 'web')).toEqual(found);
    // Wine does not tell whose it is.
    windows.mutexes.set(MUTEX, undefined);
    expect(findServedPorts('f01de4', 'web')).toEqual(found);
    windows.mutexes.set(MUTEX, 4712);
    expect(findServedPorts('f01de4', 'web')).toEqual([]);
    windows.mutexes.delete(MUTEX);
    expect(findServedPorts('f01de4', 'web')).toEqual([]);
  });

  test('is not believed of a process that has ended, or has the number of one', () => {
    windows.processes = [{ id: 4711, parent: 1, start: LATER }];
    expect(findServedPorts('f01de4', 'web')).toEqual([]);
    windows.processes = [];
    expect(findServedPorts('f01de4', 'web')).toEqual([]);
  });

  test('is not believed before its record is written', () => {
    windows.sections.set(SECTION, Buffer.alloc(16));
    expect(findServedPorts('f01de4', 'web')).toEqual([]);
  });
});

test('A line for the shell reaches cmd.exe as it is written, and arguments of programs are quoted', () => {
  const line = shellCommand('echo "a b" && node api.js');
  expect(line.slice(1)).toEqual(['/d', '/s', '/c', '"echo "a b" && node api.js"']);
  expect(line[0]).toMatch(/cmd\.exe$/i);
  expect(spawnOptions(line, 'background')).toEqual({ windowsHide: true, windowsVerbatimArguments: true });
  for (const command of [['node', 'api.js', '"a b"'], ['cmd.exe', '/d', '/s', '/c', 'dir'], ['node']])
    expect(spawnOptions(command, 'foreground')).toEqual({
      windowsHide: false,
      windowsVerbatimArguments: false,
    });
});

test('Servers can be started, and only a socket cannot be handed to one, which its error says', async () => {
  expect(() => system.checkSupport?.(false)).not.toThrow();
  const { message } = await errorOf(UnsupportedPlatformError, () => system.checkSupport?.(true));
  expect(message).toMatch(
    /^listen: 'inherit' is not implemented on 'win32'\. .* starts servers on [^,]*, macOS and Windows .* hands sockets .* Linux and macOS\. Run what needs it on one of these, in a container or a virtual machine for example\.$/,
  );
});

function hexOf(fileTime: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(fileTime));
  return bytes.toString('hex');
}
