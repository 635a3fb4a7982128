/** `npm run test:machine`: the tests that a machine of any system must pass. Needs a build; `npm test` is for Linux alone. */
import { spawnSync } from 'node:child_process';

const RUNNERS = {
  vitest: ['run', '--config', 'vitest.machine.config.ts'],
  playwright: ['test', '--config', 'test/wine/inside/playwright-config.user.ts', '--reporter', 'list'],
};

for (const [runner, args] of Object.entries(RUNNERS)) {
  // On Windows a command of a package is a script for the shell.
  const { status } = spawnSync([runner, ...args].join(' '), { stdio: 'inherit', shell: true });
  if (status !== 0) process.exitCode = 1;
}
