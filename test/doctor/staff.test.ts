import { expect, test } from 'vitest';
import { Staff } from '../../src/doctor/staff.ts';
import { platform } from '../../src/platform/platform.ts';
import { startProgram } from '../support/program.ts';
import { until } from '../support/until.ts';
import type { EmployerCommands } from './employer.program.ts';

test('a server of the self-test ends when the self-test is killed', async () => {
  await using employer = startProgram<EmployerCommands>(new URL('employer.program.ts', import.meta.url));
  const processId = await employer.call('employStranger');
  expect(platform.isRunning(processId)).toBe(true);
  await employer.kill();
  await until('it has ended', () => !platform.isRunning(processId));
});

test('whoever has ended, or was dismissed, is replaced, and tells of it', async () => {
  const staff = new Staff();
  const first = staff.stranger;
  expect(await first.call('pick', 1)).toEqual([expect.any(Number)]);
  process.kill(first.processId, 'SIGKILL');
  await until('its end is known', first.hasEnded);
  await expect(first.call('pick', 1)).rejects.toThrow('it has ended (SIGKILL)');
  const second = staff.stranger;
  expect(second).not.toBe(first);
  expect(await second.call('pick', 2)).toHaveLength(2);
  await staff.dismiss();
  expect(second.hasEnded()).toBe(true);
  expect(platform.isRunning(second.processId)).toBe(false);
});

test('an error of a helper arrives as its message', async () => {
  const staff = new Staff();
  await expect(staff.helper.call('count', 'nonsense', 1)).rejects.toThrow('nonsense');
  await staff.dismiss();
});
