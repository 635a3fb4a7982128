/** For the tests on the Darwin stand-in: their machine, from their first process to their last. */
import { rmSync } from 'node:fs';
import type { TestProject } from 'vitest/node';
import { makeMachine } from './build.ts';

export default function setUp(project: TestProject): () => void {
  const folder = project.config.env['DARWIN_STAND_IN'] as string;
  makeMachine(folder);
  return () => rmSync(folder, { recursive: true, force: true });
}
