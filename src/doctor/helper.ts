/** Another process or thread that uses portslice: its main file. */
import { platform } from '../platform/platform.ts';
import type { PortKernel } from '../platform/port-kernel.ts';
import { serve } from './serve.ts';
import { countTogether } from './shared-count.ts';

const commands = {
  kernel: (method: keyof PortKernel, ...args: readonly unknown[]): unknown =>
    (platform.openKernel()[method] as (...all: readonly unknown[]) => unknown)(...args),
  count: (locator: string, patienceMs: number): boolean =>
    countTogether(platform.openKernel().attachMemory(locator, locator).buffer, patienceMs),
};
export type HelperCommands = typeof commands;

serve(commands);
