/** Other platforms: chosen for real in a process that says to be there, with their commands as programs on its PATH. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { scriptOutput } from '../support/run-script.ts';

interface Outcome {
  readonly value?: unknown;
  readonly error?: { readonly name: string; readonly code: string; readonly message: string };
}
interface Outcomes {
  readonly range: Outcome;
  readonly excluded: Outcome;
  readonly kernel: Outcome;
}

/** @param commands the shell code of each command that this platform has */
async function on(
  name: string,
  commands: Readonly<Record<string, string>> = {},
  arch: string = process.arch,
): Promise<Outcomes> {
  const folder = mkdtempSync(path.join(tmpdir(), 'portslice-platform-'));
  try {
    for (const [command, code] of Object.entries(commands)) {
      writeFileSync(path.join(folder, command), `#!/bin/sh\n${code}\n`);
      chmodSync(path.join(folder, command), 0o755);
    }
    const script = `
      Object.defineProperty(process, 'platform', { value: '${name}' });
      Object.defineProperty(process, 'arch', { value: '${arch}' });
      const { platform } = await import('./src/platform/platform.ts');
      const attempt = (act) => {
        try { return { value: act() } } catch ({ name, code, message }) { return { error: { name, code, message } } }
      };
      console.log(JSON.stringify({
        range: attempt(() => platform.readEphemeralRange()),
        excluded: attempt(() => platform.readExcludedRanges()),
        kernel: attempt(() => typeof platform.openKernel()),
      }));`;
    return await scriptOutput<Outcomes>(script, { env: { PATH: folder } });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const NOT_IMPLEMENTED = {
  error: { name: 'UnsupportedPlatformError', code: 'PORTSLICE_UNSUPPORTED_PLATFORM' },
};
const UNKNOWN_RANGE = { error: { name: 'EphemeralRangeError', code: 'PORTSLICE_EPHEMERAL_RANGE' } };

describe('the platform', () => {
  test('Linux has everything', async () => {
    const { range, excluded, kernel } = await on('linux');
    expect(range.value).toMatchObject({ range: { firstPort: expect.any(Number) as number } });
    expect(excluded.value).toEqual([]);
    expect(kernel.value).toBe('object');
  });

  test.each(['ia32', 'arm', 's390x', 'ppc64'])(
    'Linux on %s has a range and no allocation, and the error names the processor',
    async (arch) => {
      const { range, kernel } = await on('linux', {}, arch);
      expect(range.value).toBeDefined();
      expect(kernel).toMatchObject(NOT_IMPLEMENTED);
      expect(kernel.error?.message).toContain(`'linux-${arch}'`);
    },
  );

  test.each(['darwin', 'freebsd'])('%s has a range that sysctl tells, without any addon', async (name) => {
    const told = await on(name, { sysctl: 'echo 49152; echo 65535' });
    expect(told.range.value).toEqual({ range: { firstPort: 49_152, lastPort: 65_535 } });
    for (const commands of [{}, { sysctl: 'exit 1' }, { sysctl: 'echo nonsense' }])
      expect((await on(name, commands)).range).toMatchObject(UNKNOWN_RANGE);
  });

  test('macOS needs the addon of macOS, and FreeBSD has no allocation', async () => {
    const { kernel } = await on('darwin');
    expect(kernel.error).toMatchObject({ code: 'PORTSLICE_FFI_UNAVAILABLE' });
    expect(kernel.error?.message).toContain(`@koromix/koffi-darwin-${process.arch}`);
    expect((await on('darwin', {}, 'ppc64')).kernel).toMatchObject(NOT_IMPLEMENTED);
    expect((await on('freebsd')).kernel).toMatchObject(NOT_IMPLEMENTED);
  });

  test('Windows has a range and exclusions that netsh tells, and needs the addon of Windows', async () => {
    const netsh = `
      case "$*" in
        *dynamicport*) printf 'Protocol tcp\\r\\n-----\\r\\nStart Port      : 49152\\r\\nNumber of Ports : 16384\\r\\n' ;;
        *) printf 'Start Port    End Port\\r\\n----------    --------\\r\\n      5357        5358     *\\r\\n' ;;
      esac`;
    const told = await on('win32', { netsh });
    expect(told.range.value).toEqual({ range: { firstPort: 49_152, lastPort: 65_535 } });
    expect(told.excluded.value).toEqual([{ firstPort: 5357, lastPort: 5358 }]);
    expect(told.kernel.error).toMatchObject({ code: 'PORTSLICE_FFI_UNAVAILABLE' });
    expect(told.kernel.error?.message).toContain(`@koromix/koffi-win32-${process.arch}`);
    expect((await on('win32', {}, 'ia32')).kernel).toMatchObject(NOT_IMPLEMENTED);
    const missing = await on('win32');
    expect(missing.range).toMatchObject(UNKNOWN_RANGE);
    expect(missing.excluded).toMatchObject(UNKNOWN_RANGE);
  });

  test('any other has neither range nor allocation, and the errors name it', async () => {
    const { range, kernel } = await on('haiku');
    expect(range).toMatchObject(UNKNOWN_RANGE);
    expect(range.error?.message).toMatch(/'haiku'.*PORTSLICE_PORTS/);
    expect(kernel).toMatchObject(NOT_IMPLEMENTED);
    expect(kernel.error?.message).toContain("'haiku'");
  });
});
