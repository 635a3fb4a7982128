/**
 * The proofs under faults and load with all their repetitions, and all that the pool must do once more on the stand-in for macOS'
 * kernel: `npm run test:soak`. More arguments go to Vitest.
 */
import { spawnSync } from 'node:child_process';
import { systemNeeds } from './system-needs.ts';

soak(['test/soak']);
if (systemNeeds().cc !== undefined) soak(['--project=darwin', '--passWithNoTests']);

function soak(selection: readonly string[]): void {
  const { status, error } = spawnSync(
    'vitest',
    ['run', '--no-file-parallelism', '--reporter=verbose', ...selection, ...process.argv.slice(2)],
    { stdio: 'inherit', env: { ...process.env, PORTSLICE_SOAK: 'full' } },
  );
  if (error !== undefined) console.error(error.message);
  if (status !== 0) process.exitCode = status ?? 1;
}
