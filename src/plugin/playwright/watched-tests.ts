/**
 * Tests of the plain `test`, whose end no fixture of ours tells: a timer looks whether another test runs, or none. It does
 * not keep the worker alive, and what it has not seen before the worker exits ends then.
 */
import type { TestInfo } from '@playwright/test';
import { PortScope } from '../port-scope.ts';
import { currentTestInfo } from './runner-package.ts';
import { errorMessages, hasFailed, testFacts } from './test-report.ts';

const LOOK_EVERY_MS = 5;

const running = new Map<TestInfo, PortScope>();
const ending = new Map<TestInfo, PortScope>();
let timer: NodeJS.Timeout | undefined;
let waitsForExit = false;

export function watchedScope(testInfo: TestInfo): PortScope {
  const known = running.get(testInfo);
  if (known !== undefined) return known;
  const scope = new PortScope(() => testFacts('acquirePort', testInfo, {}));
  running.set(testInfo, scope);
  startTimer();
  return scope;
}

function startTimer(): void {
  timer ??= process.getBuiltinModule('node:timers').setInterval(look, LOOK_EVERY_MS).unref();
  if (!waitsForExit) process.once('exit', endAllAtOnce);
  waitsForExit = true;
}

function look(): void {
  const now = currentTestInfo();
  for (const [testInfo, scope] of running) if (testInfo !== now) void end(testInfo, scope);
  if (running.size > 0) return;
  clearInterval(timer);
  timer = undefined;
}

async function end(testInfo: TestInfo, scope: PortScope): Promise<void> {
  running.delete(testInfo);
  ending.set(testInfo, scope);
  scope.dispenser?.explainFailure(errorMessages(testInfo));
  // It has ended already, and cannot fail any more.
  await scope.end(hasFailed(testInfo), false);
  ending.delete(testInfo);
}

function endAllAtOnce(): void {
  for (const [testInfo, scope] of [...running, ...ending]) scope.endAtOnce(hasFailed(testInfo));
}
