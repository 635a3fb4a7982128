import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EphemeralRangeError } from '../../../src/errors/index.ts';
import { readLinuxEphemeralRange } from '../../../src/platform/linux/ephemeral-range.ts';
import { errorOf } from '../../support/catch-error.ts';
import { needNamespace } from '../../support/needs.ts';
import { runScript, scriptOutput } from '../../support/run-script.ts';

const script = `
  import { platform } from './src/platform/platform.ts';
  console.log(JSON.stringify(platform.readEphemeralRange()));`;

describe('the ephemeral range', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'portslice-range-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function fileWith(text: string): string {
    const file = path.join(folder, 'range');
    writeFileSync(file, text);
    return file;
  }

  test('is what the kernel of this network namespace uses', async (context) => {
    const setup = 'echo "20000 20009" > /proc/sys/net/ipv4/ip_local_port_range';
    const wrapper = needNamespace(context, setup);
    expect(await scriptOutput(script, { wrapper })).toEqual({
      range: { firstPort: 20_000, lastPort: 20_009 },
    });
  });

  test('is that of the IANA, with a warning that names the file, where the file is missing', () => {
    const file = path.join(folder, 'missing');
    expect(readLinuxEphemeralRange(file)).toEqual({
      range: { firstPort: 49_152, lastPort: 65_535 },
      warning: `${file} does not exist; the IANA ephemeral range 49152-65535 is assumed.`,
    });
  });

  test('is guessed in a process without /proc, which warns of it when it allocates', async (context) => {
    const wrapper = needNamespace(context, 'mount -t tmpfs none /proc');
    const code = `
      import { getServerTCPPorts } from './src/index.ts';
      getServerTCPPorts();
      console.log(getServerTCPPorts().at(-1));`;
    const { status, stdout, stderr } = await runScript(code, { wrapper });
    expect({ status, stdout }).toEqual({ status: 0, stdout: '49151\n' });
    expect(stderr.match(/\[PORTSLICE_EPHEMERAL_GUESSED\]/g)).toHaveLength(1);
  });

  test.each(['', 'nonsense', '60999 32768', '0 100', '1 70000', '32768', '1 2 3'])(
    'is a typed error where the file makes no sense: %j',
    async (text) => {
      const error = await errorOf(EphemeralRangeError, () => readLinuxEphemeralRange(fileWith(text)));
      expect(error.code).toBe('PORTSLICE_EPHEMERAL_RANGE');
      expect(error.message).toMatch(/PORTSLICE_PORTS .*PORTSLICE_PORTS_FILE/);
    },
  );

  test('is a typed error where there is something that is no file', async () => {
    const error = await errorOf(EphemeralRangeError, () => readLinuxEphemeralRange(folder));
    expect(error).toMatchObject({ source: folder, cause: { code: 'EISDIR' } });
    expect(error.message).toMatch(/it cannot be read \(EISDIR\)/);
  });

  test('is a typed error where the file cannot be read', async () => {
    const file = fileWith('32768\t60999\n');
    expect(readLinuxEphemeralRange(file)).toEqual({ range: { firstPort: 32_768, lastPort: 60_999 } });
    chmodSync(file, 0);
    // Root may read everything, so the process that reads is one without any rights.
    const code = `
      import { readLinuxEphemeralRange } from './src/platform/linux/ephemeral-range.ts';
      if (process.getuid() === 0) process.setuid(65534);
      try { readLinuxEphemeralRange(${JSON.stringify(file)}) } catch (error) { console.log(JSON.stringify([error.code, error.message])) }`;
    chmodSync(folder, 0o755);
    const [errorCode, message] = await scriptOutput<string[]>(code);
    expect(errorCode).toBe('PORTSLICE_EPHEMERAL_RANGE');
    expect(message).toContain(`${file}: it cannot be read (EACCES)`);
  });
});
