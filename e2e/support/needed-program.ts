import { type SystemNeed, systemNeeds } from '../../scripts/system-needs.ts';
import { test } from './project.ts';

/** The path of a program that the test needs. Without it the test is skipped; in CI that is a failure. */
export function neededProgram(name: SystemNeed): string {
  const path = systemNeeds()[name];
  if (path !== undefined) return path;
  if (process.env['CI'] !== undefined) throw new Error(`${name} is not installed`);
  test.skip(true, `${name} is not installed`);
  return '';
}
