/** The same server, started and waited for by what people use for that, each as its documentation shows it. */
import path from 'node:path';
import { cleanEnvironment } from '../test/support/environment.ts';
import type { Project } from './project.ts';
import type { Command } from './usage.ts';

/** Ours first. */
export const READY_TOOLS = [
  'startServer',
  'wait-on',
  'start-server-and-test',
  "Playwright's webServer",
] as const;
export type ToolName = (typeof READY_TOOLS)[number];

export interface ReadyRun {
  readonly command: Command;
  /** When the tool went on, in milliseconds since 1970. */
  readonly noticedFile: string;
  /** When the server's process was started and when it listened, as JSON. */
  readonly serverFile: string;
}

const SERVER = `
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
createServer((_request, response) => response.end('ready')).listen(Number(process.env.PORT));
const listenedMs = performance.timeOrigin + performance.now();
writeFileSync(process.env.SERVER_FILE, JSON.stringify({ startedMs: performance.timeOrigin, listenedMs }));
`;
const NOTE = `
import { writeFileSync } from 'node:fs';
export const note = () => writeFileSync(process.env.NOTICED_FILE, String(performance.timeOrigin + performance.now()));
`;
const WITH_START_SERVER = `
import { startServer } from 'portslice';
import { note } from './note.mjs';
const server = await startServer({ command: ['node', 'server.mjs'], ready: '/' });
note();
await server.stop();
`;
const WITH_WAIT_ON = `
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import waitOn from 'wait-on';
import { note } from './note.mjs';
const server = spawn('node', ['server.mjs']);
await waitOn({ resources: ['http-get://localhost:' + process.env.PORT + '/'] });
note();
server.kill();
await once(server, 'exit');
`;
const PLAYWRIGHT_CONFIG = `
export default {
  workers: 1,
  reporter: 'dot',
  globalSetup: './global-setup.mjs',
  webServer: { command: 'node server.mjs', url: 'http://localhost:' + process.env.PORT + '/' },
};
`;
const FILES: Readonly<Record<string, string>> = {
  'package.json': '{ "type": "module" }',
  'server.mjs': SERVER,
  'note.mjs': NOTE,
  'start-server.mjs': WITH_START_SERVER,
  'wait-on.mjs': WITH_WAIT_ON,
  'playwright.config.mjs': PLAYWRIGHT_CONFIG,
  'global-setup.mjs': `import { note } from './note.mjs';\nexport default note;\n`,
  'empty.spec.mjs': `import { test } from '@playwright/test';\ntest('does nothing', () => {});\n`,
};

export function writeReadyTools({
  dir,
  write,
}: Project): Readonly<Record<ToolName, (port: number) => ReadyRun>> {
  const folder = path.join(dir, 'readiness');
  for (const [name, content] of Object.entries(FILES)) write(path.join('readiness', name), content);
  const noticedFile = path.join(folder, 'noticed');
  const serverFile = path.join(folder, 'server');
  const run =
    (...args: string[]) =>
    (port: number): ReadyRun => {
      const env = cleanEnvironment({
        PATH: `${path.dirname(process.execPath)}:${process.env['PATH']}`,
        PORT: String(port),
        NOTICED_FILE: noticedFile,
        SERVER_FILE: serverFile,
        PWTEST_CACHE_DIR: path.join(dir, 'cache'),
      });
      return { command: { args: [process.execPath, ...args], env, cwd: folder }, noticedFile, serverFile };
    };
  const installed = (file: string): string => path.join(dir, 'node_modules', file);
  const startServerAndTest = installed('start-server-and-test/src/bin/start.js');
  return {
    startServer: run('start-server.mjs'),
    'wait-on': run('wait-on.mjs'),
    // No other Node, whose start would be part of the time. The digits of the nanoseconds below a millisecond are cut off.
    'start-server-and-test': (port) =>
      run(
        startServerAndTest,
        'node server.mjs',
        `http-get://localhost:${port}`,
        'date +%s%3N > noticed',
      )(port),
    "Playwright's webServer": run(installed('@playwright/test/cli.js'), 'test'),
  };
}
