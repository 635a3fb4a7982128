/** The web server of the tests, as a command. */
import { fileURLToPath } from 'node:url';
import type { Server } from '../../src/index.ts';
import { platform } from '../../src/platform/platform.ts';

const program = fileURLToPath(new URL('web.program.ts', import.meta.url));

export const WEB: readonly string[] = [process.execPath, program, '{port}'];

/** As an argument of a shell. */
export const WEB_TEXT: string = WEB.map((part) => `'${part}'`).join(' ');

export interface WebAnswer {
  readonly pid: number;
  readonly port: number;
  readonly args: readonly string[];
  readonly cwd: string;
}

export async function ask({ port }: Pick<Server, 'port'>): Promise<WebAnswer> {
  // Each time over a connection of its own.
  const response = await fetch(`http://localhost:${port}/`, { headers: { connection: 'close' } });
  return (await response.json()) as WebAnswer;
}

/** Whether somebody listens on the port. */
export function isListenedOn(port: number): boolean {
  return (platform.findListeners(port) ?? []).length > 0;
}

export function isRunning(processId: number): boolean {
  return platform.isRunning(processId);
}
