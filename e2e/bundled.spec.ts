import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { build, type Format } from 'esbuild';
import { test } from './support/outside.ts';
import { installation, repository } from './support/package.ts';
import { expect } from './support/project.ts';

const SOURCE = `
  import { TCPPortOwner } from 'portslice';
  const owner = new TCPPortOwner();
  console.log(owner.port > 0);
  owner.cleanup();
`;

const SERVER = `
  import { createServer } from 'node:net';
  import { startServer } from 'portslice';
  const server = await startServer({ command: ({ port }) => createServer().listen(port) });
  console.log(server.port > 0);
  await server.stop();
`;

/** The runners themselves are not bundled. */
const PLAYWRIGHT = `
  import { withPorts } from 'portslice/playwright';
  console.log(withPorts({ workers: 3 }, { report: true }).workers === 3);
`;

const VITEST = `
  import portslice from 'portslice/vitest/plugin';
  const configuration = {};
  portslice().config(configuration);
  console.log(configuration.test.globalSetup[0].endsWith('vitest-global-setup.js'));
`;

interface BundleOptions {
  readonly source?: string;
  readonly minify?: boolean;
}

/** With nothing of ours external; esbuild fails on an error and is silent about a warning in node_modules, as at a user's. */
async function bundle(
  format: Format,
  outfile: string,
  { source = SOURCE, minify = false }: BundleOptions = {},
): Promise<void> {
  // CommonJS cannot wait at the top level.
  const contents = format === 'cjs' ? wrapped(source) : source;
  const { warnings } = await build({
    stdin: { contents, resolveDir: installation().dir },
    bundle: true,
    format,
    platform: 'node',
    external: ['@playwright/test', 'playwright', 'vitest'],
    minify,
    outfile,
    logLevel: 'silent',
  });
  expect(warnings).toEqual([]);
}

function isImport(line: string): boolean {
  return line.trimStart().startsWith('import ');
}

function wrapped(source: string): string {
  const lines = source.split('\n');
  const body = lines.filter((line) => !isImport(line)).join('\n');
  return `${lines.filter(isImport).join('\n')}\n(async () => {${body}})();`;
}

/** As pnpm lays it out: what a project itself does not name is only to be found from portslice's real place. */
function installStrictly(folder: string): void {
  const store = path.join(folder, 'node_modules/.pnpm/portslice/node_modules');
  mkdirSync(store, { recursive: true });
  cpSync(path.join(installation().dir, 'node_modules/portslice'), path.join(store, 'portslice'), {
    recursive: true,
  });
  symlinkSync(path.join(repository, 'node_modules/@koromix'), path.join(store, '@koromix'));
  symlinkSync(path.join(store, 'portslice'), path.join(folder, 'node_modules/portslice'));
}

const FILES = { cjs: 'bundle.cjs', esm: 'bundle.mjs' } as const;

for (const format of ['cjs', 'esm'] as const) {
  const file = FILES[format];

  for (const { what, source } of [
    { what: 'allocates a port', source: SOURCE },
    { what: 'starts a server', source: SERVER },
    { what: 'changes a configuration of Playwright', source: PLAYWRIGHT },
    { what: 'changes a configuration of Vitest', source: VITEST },
  ]) {
    test(`a bundle (${format}) in the project ${what}`, async ({ createProject }) => {
      const project = await createProject({});
      await bundle(format, path.join(project.dir, 'dist', file), { source });
      const { output } = await project.run('node', [path.join('dist', file)]);
      expect(output).toBe('true\n');
    });
  }

  test(`a bundle (${format}) finds the addon where only portslice can see it`, async ({
    createProject,
    folder,
  }) => {
    const project = await createProject({});
    installStrictly(folder);
    await bundle(format, path.join(folder, 'dist', file));
    const { output } = await project.run('node', [path.join('dist', file)], { cwd: folder });
    expect(output).toBe('true\n');
  });

  test(`a bundle (${format}) that was taken away from node_modules says to keep portslice external`, async ({
    createProject,
    folder,
  }) => {
    const project = await createProject({});
    for (const minify of [false, true]) {
      await bundle(format, path.join(folder, file), { minify });
      const { exitCode, output } = await project.run('node', [file], { cwd: folder });
      expect(exitCode).toBe(1);
      expect(output).toMatch(
        /^ForeignFunctionError: .*the package @koromix\/koffi-\S+ is not installed.*keep it external/m,
      );
      expect(output).toContain("code: 'PORTSLICE_FFI_UNAVAILABLE'");
    }
  });
}
