import { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { projectFolder, runScript, type ScriptOptions, scriptOutput } from '../support/run-script.ts';

/** What the platform uses of koffi, tried for real. */
const tryOut = (load: string): string => `
  import * as loading from './src/platform/koffi.ts';
  const koffi = ${load};
  const library = koffi.load(null);
  const memory = Buffer.allocUnsafeSlow(8).fill(0);
  const close = library.func('int close(int)');
  const answers = {
    pid: library.func('int getpid()')() === process.pid,
    failed: close(-1),
    errno: koffi.errno(),
    view: koffi.view(koffi.address(memory), 8).byteLength,
    missing: typeof koffi.nothing,
  };
  library.func('uintptr_t memset(uintptr_t, int, size_t)')(Number(koffi.address(memory)), 7, 3);
  console.log(JSON.stringify({ ...answers, memory: [...memory], keys: Object.keys(koffi).sort() }));`;

/** Tells whether koffi's own entry was evaluated. */
const isEntryEvaluated = (load: string): string => `
  import { createRequire } from 'node:module';
  import * as loading from './src/platform/koffi.ts';
  ${load};
  const loaded = Object.keys(createRequire(import.meta.url).cache);
  console.log(JSON.stringify(loaded.some((file) => /[\\\\/]koffi[\\\\/].*\\.c?js$/.test(file) && !/@koromix/.test(file))));`;

interface Answers {
  readonly keys: readonly string[];
}

describe('koffi', () => {
  const target = `linux-${process.arch}`;

  test('is the same whether it is loaded the fast way, the slow way or the one that works', async () => {
    const [fast, slow, either, fallback] = (await Promise.all(
      [
        `loading.loadPrebuiltKoffi('${target}')`,
        'loading.loadKoffiEntry()',
        `loading.loadKoffi('${target}')`,
        "loading.loadKoffi('plan9-pdp11')",
      ].map((load) => scriptOutput<Answers>(tryOut(load))),
    )) as [Answers, Answers, Answers, Answers];
    expect(fast).toMatchObject({
      pid: true,
      failed: -1,
      errno: 9,
      view: 8,
      missing: 'undefined',
      memory: [7, 7, 7, 0, 0, 0, 0, 0],
    });
    const { keys, ...answers } = fast;
    for (const other of [slow, either, fallback]) expect(other).toMatchObject(answers);
    for (const name of ['load', 'address', 'view', 'errno']) {
      expect(keys).toContain(name);
      expect(slow.keys).toContain(name);
    }
  });

  test('takes the fast way where it can: the entry is then not evaluated', async () => {
    expect(await scriptOutput(isEntryEvaluated(`loading.loadKoffi('${target}')`))).toBe(false);
    expect(await scriptOutput(isEntryEvaluated('loading.loadKoffiEntry()'))).toBe(true);
  });

  test.each([
    ['--no-addons', ['--no-addons']],
    ['--permission', ['--permission', '--allow-fs-read=*']],
  ])('cannot be loaded under %s, which is a typed error that says what to do', async (_, nodeOptions) => {
    const script = `
      import { TCPPortOwner, getServerTCPPorts } from './src/index.ts';
      getServerTCPPorts({ ports: '20000-20009' });
      try {
        new TCPPortOwner();
      } catch (error) {
        console.log(JSON.stringify({ name: error.name, code: error.code, message: error.message, cause: error.cause.code }));
      }`;
    expect(await scriptOutput(script, { nodeOptions, env: { PORTSLICE_PORTS: '20000-20009' } })).toEqual({
      name: 'ForeignFunctionError',
      code: 'PORTSLICE_FFI_UNAVAILABLE',
      message:
        'The C library cannot be called: native addons are disabled in this process. ' +
        'Start Node without --no-addons and, under --permission, with --allow-addons.',
      cause: 'ERR_DLOPEN_DISABLED',
    });
  });

  test('works under --permission with --allow-addons', async () => {
    const script = `
      import { TCPPortOwner } from './src/index.ts';
      console.log(new TCPPortOwner().port > 0);`;
    const options: ScriptOptions = { nodeOptions: ['--permission', '--allow-fs-read=*', '--allow-addons'] };
    expect(await scriptOutput(script, options)).toBe(true);
  });

  test('that is not installed is a typed error that says how to install it', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'portslice-koffi-'));
    try {
      mkdirSync(path.join(folder, 'platform'));
      cpSync(path.join(projectFolder, 'src/errors'), path.join(folder, 'errors'), { recursive: true });
      writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }');
      for (const file of ['platform/file-system.ts', 'platform/koffi.ts'])
        copyFileSync(path.join(projectFolder, 'src', file), path.join(folder, file));
      const { status, stderr } = await runScript(
        `const { loadKoffi } = await import(${JSON.stringify(path.join(folder, 'platform/koffi.ts'))}); loadKoffi('${target}');`,
      );
      expect(status).toBe(1);
      expect(stderr).toMatch(/ForeignFunctionError: .*koffi does not load .*no --omit=optional/s);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
