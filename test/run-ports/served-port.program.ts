/** A process that says of itself, or of another one, that it serves a run port. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { platform } from '../../src/platform/platform.ts';
import type { ServedPort } from '../../src/platform/port-kernel.ts';
import { becomeUser, serve } from '../support/serve.ts';

const commands = {
  become: (userId: number): void => {
    platform.openKernel();
    becomeUser(userId);
  },
  takeName: (folder: string, name: string): boolean =>
    platform.openKernel().takeServedName(folder, name) !== undefined,
  announce: (served: Omit<ServedPort, 'processId'>, processId = process.pid): void =>
    void platform.openKernel().announceServedPort({ ...served, processId }),
  listen: async (port: number): Promise<void> => {
    await once(createServer().listen(port), 'listening');
  },
};

export type ServedPortCommands = typeof commands;

serve(commands);
