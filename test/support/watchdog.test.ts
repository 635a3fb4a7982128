import { expect, test } from 'vitest';
import { PortPool } from '../../src/index.ts';
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
