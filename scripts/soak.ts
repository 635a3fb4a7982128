/** The proofs under faults and load with all their repetitions: `npm run test:soak`. More arguments go to Vitest. */
import { spawnSync } from 'node:child_process';

const { status, error } = spawnSync(
  'vitest',
  ['run', '--no-file-parallelism', '--reporter=verbose', 'test/soak', ...process.argv.slice(2)],
  { stdio: 'inherit', env: { ...process.env, PORTSLICE_SOAK: 'full' } },
);
if (error !== undefined) console.error(error.message);
process.exitCode = status ?? 1;
