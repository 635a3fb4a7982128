import { mkdtempDisposableSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { PortPool } from '../../src/index.ts';
import { namespaceWrapper } from './namespaces.ts';
import { reservePorts } from './port-block.ts';
import { startProgram } from './program.ts';
import type { StuckCommands } from './stuck.program.ts';
import { until } from './until.ts';
import { describeEverybody } from './watchdog.ts';

test('the watchdog tells where waiting and blocked processes stand, and what their pools say', async () => {
  await using block = await reservePorts(2);
  const url = new URL('stuck.program.ts', import.meta.url);
  await using waiting = startProgram<StuckCommands>(url, { config: block.spec });
  await using blocked = startProgram<StuckCommands>(url);
  const handle = await waiting.call('createPool');
  const pool = PortPool.attach(handle);
  using owner = await pool.slice().acquire({ label: 'watched' });
  await blocked.ready;
  blocked.call('block').catch(() => undefined);
  let text = '';
  const waits = new RegExp(`${waiting.pid} \\(.+\\.json\\): active .*pipe`);
  await until('it blocks, and the other one has written its report', async () => {
    text = await describeEverybody();
    return text.includes('1 reports of 2') && waits.test(text);
  });

  for (const { pid } of [waiting, blocked]) {
    expect(text).toMatch(new RegExp(`-- process ${pid}: .*stuck\\.program\\.ts`));
    expect(text).toMatch(new RegExp(`thread ${pid} .+: S, \\d+ ticks, wchan \\S+, call \\d+ `));
  }
  expect(text).toContain(`pool of process ${waiting.pid}`);
  expect(text).toMatch(new RegExp(`${owner.port} held 'watched' .*processId ${process.pid}`));
});

test.skipIf(namespaceWrapper() === undefined)(
  'the watchdog tells of those in a namespace of a descendant, whose parent has ended',
  async () => {
    using folder = mkdtempDisposableSync(path.join(tmpdir(), 'portslice-watchdog-'));
    const file = path.join(folder.path, 'process');
    const url = new URL('stuck.program.ts', import.meta.url);
    const wrapper = namespaceWrapper(`(sleep 600 & echo $! > '${file}')`) as string[];
    await using waiting = startProgram<StuckCommands>(url, { wrapper });
    await waiting.ready;
    const orphan = Number(readFileSync(file, 'utf8'));
    try {
      expect(await describeEverybody()).toMatch(new RegExp(`-- process ${orphan}: `));
    } finally {
      process.kill(orphan, 'SIGKILL');
    }
  },
);
