/** Projects whose Vitest tests run in a browser, where all that they do outside of it is a command. */
import { launchOptions } from './chromium.ts';
import type { ProjectFiles } from './project.ts';
import { vitestFiles } from './vitest-project.ts';

const BROWSER = `
import { playwright } from '@vitest/browser-playwright';
import { PortPool } from 'portslice';
import { close, isLocked, note, serve } from './inside.ts';

const servers = new Map();
const commands = {
  serve: async (_context, port) => {
    const server = await serve({ port });
    server.prependListener('request', (_request, response) => response.setHeader('access-control-allow-origin', '*'));
    servers.set(port, server);
  },
  close: async (_context, port) => close(servers.get(port)),
  note: (_context, text) => note(text),
  /** What the pool says of a port, and whether it is really ours. */
  record: (_context, port) => {
    const { state, label } = PortPool.attach().snapshot().find((candidate) => candidate.port === port);
    return { state, label, isLocked: isLocked({ port }) };
  },
  listen: async (_context, port) => {
    try {
      await close(await serve({ port }));
      return 'listened';
    } catch (error) {
      throw new Error(error.message);
    }
  },
  crash: async ({ page }) => {
    const session = await page.context().newCDPSession(page);
    session.send('Page.crash').catch(() => {});
  },
  closePage: async ({ page }) => void page.close(),
};
export const browser = (instances = [{ browser: 'chromium' }]) => ({
  enabled: true,
  headless: true,
  screenshotFailures: false,
  provider: playwright({ launchOptions: ${JSON.stringify(launchOptions)} }),
  instances,
  commands,
});
`;

/** The head of a test file that runs in a browser. */
export const IN_BROWSER = `
import { acquirePort, test } from 'portslice/vitest';
import { beforeAll, beforeEach, describe, expect, onTestFinished } from 'vitest';
import { commands } from 'vitest/browser';

const { close, note, record, serve } = commands;
const textOf = async (url) => (await fetch(url)).text();
`;

/** @param instances code of the list, instead of one Chromium */
export function browserFiles(
  settings: string,
  files: ProjectFiles,
  { instances = '', pluginOptions = '' } = {},
): ProjectFiles {
  const browser = `browser: (await import('./browser.ts')).browser(${instances}),`;
  return vitestFiles(`${settings} ${browser}`, { 'browser.ts': BROWSER, ...files }, pluginOptions);
}
