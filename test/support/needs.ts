/** What a test needs of the machine. Where it is missing the test is skipped, but in CI it fails. */
import type { TestContext } from 'vitest';
import { type SystemNeed, systemNeeds } from '../../scripts/system-needs.ts';
import { namespaceWrapper } from './namespaces.ts';

/** The program's path. */
export function needProgram(context: TestContext, name: SystemNeed): string {
  return systemNeeds()[name] ?? miss(context, `${name} is missing`);
}

/** For tests with several users. */
export function needRoot(context: TestContext): void {
  if (process.getuid?.() !== 0) miss(context, 'only root can start processes of another user');
}

/** The wrapper command that runs a shell line and then a program in a network namespace of its own. */
export function needNamespace(context: TestContext, setup?: string): readonly string[] {
  const wrapper = namespaceWrapper(['ip link set lo up', ...(setup === undefined ? [] : [setup])].join('\n'));
  return wrapper ?? miss(context, 'unshare does not work here');
}

function miss({ skip }: TestContext, reason: string): never {
  if (process.env['CI'] !== undefined) throw new Error(`In CI nothing may be missing, but ${reason}.`);
  return skip(reason);
}

/** For a whole group of tests: the program's path, or undefined, on which the group skips itself. */
export function programOrNothing(name: SystemNeed): string | undefined {
  const path = systemNeeds()[name];
  if (path === undefined && process.env['CI'] !== undefined)
    throw new Error(`In CI nothing may be missing, but ${name} is.`);
  return path;
}
