import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ADDON_FOLDERS, KOFFI_VERSION } from '../../src/platform/koffi.ts';
import { needNamespace } from '../support/needs.ts';
import { projectFolder, type ScriptOptions, scriptOutput } from '../support/run-script.ts';

const target = `linux-${process.arch}`;
const addonPackage = `@koromix/koffi-${target}`;

/** What the platform uses of koffi, tried for real. */
const tryOut = (source: string): string => `
  import { loadKoffi } from ${JSON.stringify(source)};
  const koffi = loadKoffi('${target}');
  const library = koffi.load(null);
  const memory = Buffer.allocUnsafeSlow(8).fill(0);
  const close = library.func('int close(int)');
  const answers = {
    pid: library.func('int getpid()')() === process.pid,
    failed: close(-1),
    errno: koffi.errno(),
    view: koffi.view(koffi.address(memory), 8).byteLength,
  };
  library.func('uintptr_t memset(uintptr_t, int, size_t)')(Number(koffi.address(memory)), 7, 3);
  console.log(JSON.stringify({ ...answers, memory: [...memory] }));`;

const rightAnswers = { pid: true, failed: -1, errno: 9, view: 8, memory: [7, 7, 7, 0, 0, 0, 0, 0] };

describe('koffi', () => {
  let folder: string;
  /** koffi.ts, laid out where no addon is installed. */
  let elsewhere: string;

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'portslice-koffi-'));
    mkdirSync(path.join(folder, 'platform/linux'), { recursive: true });
    cpSync(path.join(projectFolder, 'src/errors'), path.join(folder, 'errors'), { recursive: true });
    writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }');
    for (const file of [
      'platform/file-system.ts',
      'platform/koffi.ts',
      'platform/linux/program-interpreter.ts',
    ])
      copyFileSync(path.join(projectFolder, 'src', file), path.join(folder, file));
    elsewhere = path.join(folder, 'platform/koffi.ts');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  test('loads from the packages beside us and calls the C library, without any JavaScript of its own', async () => {
    expect(await scriptOutput(tryOut('./src/platform/koffi.ts'))).toEqual(rightAnswers);
    const script = `
      import { createRequire } from 'node:module';
      import { loadKoffi } from './src/platform/koffi.ts';
      loadKoffi('${target}');
      console.log(JSON.stringify(Object.keys(createRequire(import.meta.url).cache)));`;
    expect(await scriptOutput(script)).toEqual([]);
  });

  test('loads from wherever Node itself finds the package', async () => {
    const env = { NODE_PATH: path.join(projectFolder, 'node_modules') };
    expect(await scriptOutput(tryOut(elsewhere), { env })).toEqual(rightAnswers);
  });

  test('comes from the very packages that package.json asks for', () => {
    const manifest = JSON.parse(readFileSync(path.join(projectFolder, 'package.json'), 'utf8')) as {
      optionalDependencies: Record<string, string>;
    };
    const packages = Object.keys(ADDON_FOLDERS).map((name) => [`@koromix/koffi-${name}`, KOFFI_VERSION]);
    expect(manifest.optionalDependencies).toEqual(Object.fromEntries(packages));
  });

  test('that is not installed is a typed error that names the package to install', async () => {
    const error = await failureOf(elsewhere, target);
    expect(error).toMatchObject({ code: 'PORTSLICE_FFI_UNAVAILABLE', cause: 'MODULE_NOT_FOUND' });
    expect(error.message).toContain(
      `the package ${addonPackage} is not installed. It is an optional dependency of portslice`,
    );
    expect(error.message).toContain(`npm install --save-dev ${addonPackage}@${KOFFI_VERSION}`);
  });

  test('that is damaged is a typed error with what the system says about it', async () => {
    const installed = path.join(folder, 'node_modules', addonPackage, ADDON_FOLDERS[target]?.folder ?? '');
    mkdirSync(installed, { recursive: true });
    writeFileSync(path.join(installed, 'koffi.node'), 'no addon');
    const error = await failureOf(elsewhere, target);
    expect(error).toMatchObject({ code: 'PORTSLICE_FFI_UNAVAILABLE', cause: 'ERR_DLOPEN_FAILED' });
    expect(error.message).toMatch(/koffi does not load \(.*koffi\.node.*\)\. Install the dependencies again/);
  });

  test('that does not exist for a processor is a typed error that says for which it does', async () => {
    const error = await failureOf('./src/platform/koffi.ts', 'linux-ppc64');
    expect(error.code).toBe('PORTSLICE_FFI_UNAVAILABLE');
    expect(error.message).toMatch(/no prebuilt addon for linux-ppc64\. .* linux-x64, linux-arm64, /);
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

  describe('on a machine that has the loader of musl', () => {
    test('is the build for glibc in a process that runs on glibc', async (context) => {
      const script = `
        import { readFileSync } from 'node:fs';
        import { loadKoffi } from './src/platform/koffi.ts';
        loadKoffi('${target}');
        console.log(JSON.stringify(/(\\w+)\\/koffi\\.node/.exec(readFileSync('/proc/self/maps', 'utf8'))[1]));`;
      const wrapper = needNamespace(context, addMuslLoader(folder));
      expect(await scriptOutput(script, { wrapper })).toBe(ADDON_FOLDERS[target]?.folder);
    });

    test('is the build for musl, or a typed error where there is none, in a process that runs on musl', async (context) => {
      const program = path.join(folder, 'node');
      writeFileSync(program, programWithInterpreter('/lib/ld-musl-x86_64.so.1'));
      const wrapper = needNamespace(context, addMuslLoader(folder));
      const prelude = `process.execPath = ${JSON.stringify(program)};`;
      const missing = await failureOf(elsewhere, target, { wrapper }, prelude);
      expect(missing.causeMessage).toContain(`${addonPackage}/musl_${process.arch}/koffi.node`);
      for (const without of ['linux-riscv64', 'linux-loong64']) {
        const unavailable = await failureOf(elsewhere, without, { wrapper }, prelude);
        expect(unavailable.message).toContain(`no prebuilt addon for ${without} with musl.`);
      }
    });
  });
});

interface Failure {
  readonly code: string;
  readonly message: string;
  readonly cause: string | undefined;
  readonly causeMessage: string | undefined;
}

async function failureOf(
  source: string,
  of: string,
  options: ScriptOptions = {},
  prelude = '',
): Promise<Failure> {
  const script = `
    import { loadKoffi } from ${JSON.stringify(source)};
    ${prelude}
    try {
      loadKoffi('${of}');
    } catch (error) {
      const { code, message, cause } = error;
      console.log(JSON.stringify({ code, message, cause: cause?.code, causeMessage: cause?.message }));
    }`;
  return scriptOutput<Failure>(script, options);
}

/** Shell lines for a mount namespace: the file that Debian's package `musl` would add to /lib. */
function addMuslLoader(folder: string): string {
  const processor = { x64: 'x86_64', arm64: 'aarch64' }[process.arch as 'x64' | 'arm64'];
  const loader = `/lib/ld-musl-${processor}.so.1`;
  return `
    mkdir -p '${folder}/mount'
    mount -t tmpfs tmpfs '${folder}/mount'
    mkdir '${folder}/mount/upper' '${folder}/mount/work'
    lib="$(readlink -f /lib)"
    mount -t overlay overlay -o "lowerdir=$lib,upperdir=${folder}/mount/upper,workdir=${folder}/mount/work" "$lib"
    [ -e ${loader} ] || touch ${loader}`;
}

/** The start of an ELF program of 64 bits that names its loader after some other segment. */
function programWithInterpreter(interpreter: string): Buffer {
  const headers = { at: 64, byteLength: 56 };
  const text = Buffer.from(`${interpreter}\0`);
  const program = Buffer.alloc(4096);
  program.write('\x7fELF\x02\x01\x01', 'latin1');
  program.writeBigUInt64LE(BigInt(headers.at), 32);
  program.writeUInt16LE(headers.byteLength, 54);
  program.writeUInt16LE(2, 56);
  program.writeUInt32LE(6, headers.at);
  const second = headers.at + headers.byteLength;
  program.writeUInt32LE(3, second);
  program.writeBigUInt64LE(2048n, second + 8);
  program.writeBigUInt64LE(BigInt(text.length), second + 32);
  text.copy(program, 2048);
  return program;
}
