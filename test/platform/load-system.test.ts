/** The code of Windows is loaded when it is asked for: from the sources, the built package, and a bundle of somebody else's. */
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { projectFolder, scriptOutput } from '../support/run-script.ts';

const NETSH = `#!/bin/sh\nprintf 'Start Port      : 49152\\r\\nNumber of Ports : 16384\\r\\n'\n`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'portslice-load-'));
  writeFileSync(path.join(folder, 'netsh'), NETSH);
  chmodSync(path.join(folder, 'netsh'), 0o755);
  mkdirSync(path.join(folder, 'node_modules'));
  symlinkSync(projectFolder, path.join(folder, 'node_modules/portslice'));
  copyFileSync(path.join(projectFolder, 'dist/index.js'), path.join(folder, 'bundle.mjs'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** @param systemName where the process says to be */
async function loadIn(systemName: string, file: string): Promise<unknown> {
  const script = `
    Object.defineProperty(process, 'platform', { value: '${systemName}' });
    const { getEphemeralTCPPortRange } = await import(${JSON.stringify(file)});
    const { createRequire } = await import('node:module');
    const isLoaded = () => Object.keys(createRequire(import.meta.url).cache).some((name) => name.includes('windows/platform'));
    const before = isLoaded();
    console.log(JSON.stringify({ range: getEphemeralTCPPortRange(), before, after: isLoaded() }));`;
  return scriptOutput(script, { env: { PATH: folder } });
}

test.each(['src/index.ts', 'dist/index.js'])('%s finds it beside itself, and not before', async (file) => {
  expect(await loadIn('win32', path.join(projectFolder, file))).toEqual({
    range: [49_152, 65_535],
    before: false,
    after: true,
  });
});

test('A bundle finds it where portslice is installed', async () => {
  expect(await loadIn('win32', path.join(folder, 'bundle.mjs'))).toMatchObject({ range: [49_152, 65_535] });
});

test('A bundle that was taken away from the package is a typed error, which says what to do', async () => {
  const alone = mkdtempSync(path.join(tmpdir(), 'portslice-alone-'));
  copyFileSync(path.join(projectFolder, 'dist/index.js'), path.join(alone, 'bundle.mjs'));
  const script = `
    Object.defineProperty(process, 'platform', { value: 'win32' });
    const { TCPPortOwner } = await import(${JSON.stringify(path.join(alone, 'bundle.mjs'))});
    try { new TCPPortOwner(); } catch ({ code, message }) { console.log(JSON.stringify([code, message])); }`;
  expect(await scriptOutput(script)).toEqual([
    'PORTSLICE_FFI_UNAVAILABLE',
    expect.stringContaining('Keep portslice external'),
  ]);
  rmSync(alone, { recursive: true });
});

test.each(['src/index.ts', 'dist/index.js'])('%s finds that of macOS beside itself, too', async (file) => {
  const script = `
    Object.defineProperty(process, 'platform', { value: 'darwin' });
    const { TCPPortOwner } = await import(${JSON.stringify(path.join(projectFolder, file))});
    try { new TCPPortOwner(); } catch ({ code, message }) { console.log(JSON.stringify([code, message])); }`;
  expect(await scriptOutput(script, { env: { PORTSLICE_PORTS: '2000', PATH: folder } })).toEqual([
    'PORTSLICE_FFI_UNAVAILABLE',
    expect.stringContaining(`@koromix/koffi-darwin-${process.arch}`),
  ]);
});

test.each(['src/index.ts', 'dist/index.js'])(
  '%s finds what servers need of macOS, before it claims a port',
  async (file) => {
    const script = `
    Object.defineProperty(process, 'platform', { value: 'darwin' });
    const { startServer } = await import(${JSON.stringify(path.join(projectFolder, file))});
    await startServer({ command: ['true'] }).catch(({ code }) => console.log(JSON.stringify(code)));`;
    expect(await scriptOutput(script, { env: { PORTSLICE_PORTS: '2000', PATH: folder } })).toBe(
      'PORTSLICE_FFI_UNAVAILABLE',
    );
  },
);

test.each(['win32', 'darwin'])(
  'A Node that requires no ES modules, as 22.11, is a typed error at the first port on %s, and none before',
  async (systemName) => {
    const script = `
      Object.defineProperty(process, 'platform', { value: '${systemName}' });
      const { PortPool, TCPPortOwner } = await import(${JSON.stringify(path.join(projectFolder, 'dist/index.js'))});
      const codes = [() => new TCPPortOwner(), () => PortPool.create()].map((act) => {
        try { return act() } catch ({ code, message }) { return [code, message] }
      });
      console.log(JSON.stringify(codes));`;
    const failure = [
      'PORTSLICE_FFI_UNAVAILABLE',
      expect.stringMatching(/ does not load ES modules with require, .* 22\.12 or later/),
    ];
    expect(await scriptOutput(script, { nodeOptions: ['--no-experimental-require-module'] })).toEqual([
      failure,
      failure,
    ]);
  },
);

test('Linux never loads it', async () => {
  expect(await loadIn('linux', path.join(projectFolder, 'dist/index.js'))).toMatchObject({ after: false });
});
