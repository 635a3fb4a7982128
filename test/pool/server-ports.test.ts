import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  browserBlockedPorts,
  getEphemeralTCPPortRange,
  getServerTCPPorts,
  InvalidOptionError,
  PortSpecError,
  type ServerPortOptions,
} from '../../src/index.ts';
import { errorOf } from '../support/catch-error.ts';
import { hasLinuxFiles } from '../support/kernel-traits.ts';
import { namespaceWrapper } from '../support/namespaces.ts';
import { formatPortSpec } from '../support/port-spec-text.ts';
import { runScript, scriptOutput } from '../support/run-script.ts';

const VARIABLES = [
  'PORTSLICE_PORTS',
  'PORTSLICE_PORTS_FILE',
  'PYSYS_PORTS',
  'PYSYS_PORTS_FILE',
  'PORTSLICE_EXCLUDED_PORTS',
];

let folder = '';

beforeEach(async () => {
  for (const name of VARIABLES) vi.stubEnv(name, undefined);
  folder = await mkdtemp(path.join(tmpdir(), 'portslice-test-'));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

async function writeSpecFile(text: string): Promise<string> {
  const file = path.join(folder, 'ports.txt');
  await writeFile(file, text);
  return file;
}

const PRINT_PORTS = `
  import { getEphemeralTCPPortRange, getServerTCPPorts } from './src/index.ts';
  const warnings = [];
  process.on('warning', ({ code, message }) => warnings.push({ code, message }));
  const ports = [getServerTCPPorts(), getServerTCPPorts()][1];
  const range = getEphemeralTCPPortRange();
  setImmediate(() => console.log(JSON.stringify({ ports, range, warnings })));
`;

interface PrintedPorts {
  readonly ports: number[];
  readonly range: readonly [number, number];
  readonly warnings: readonly { code: string; message: string }[];
}

const RANGE_FILE = '/proc/sys/net/ipv4/ip_local_port_range';
const canUnshare = namespaceWrapper() !== undefined;

function printPortsWith(setup: string, env: Readonly<Record<string, string>> = {}): Promise<PrintedPorts> {
  return scriptOutput<PrintedPorts>(PRINT_PORTS, { env, wrapper: namespaceWrapper(setup) ?? [] });
}

describe('the ephemeral range', () => {
  test('is what the kernel uses in this network namespace', () => {
    const [first, last] = readFileSync(RANGE_FILE, 'latin1').trim().split(/\s+/).map(Number);
    expect(getEphemeralTCPPortRange()).toEqual([first, last]);
  });

  test('neither of its ends is a server port, but both neighbours are', async ({ skip }) => {
    skip(!canUnshare, 'needs a working unshare');
    const { ports, range } = await printPortsWith(`echo 20000 29999 > ${RANGE_FILE}`);
    expect(range).toEqual([20_000, 29_999]);
    const near = ports.filter((port) => port >= 19_998 && port <= 30_001);
    expect(near).toEqual([19_998, 19_999, 30_000, 30_001]);
    expect([ports[0], ports.at(-1)]).toEqual([1024, 65_535]);
  });

  test('that fills nearly everything gives way to 1024-49151, with one warning', async ({ skip }) => {
    skip(!canUnshare, 'needs a working unshare');
    const { ports, warnings } = await printPortsWith(`echo 1024 65530 > ${RANGE_FILE}`);
    expect(ports).toEqual(getServerTCPPorts({ ports: '1024-49151' }));
    expect(warnings.map(({ code }) => code)).toEqual(['PORTSLICE_WHOLE_RANGE']);
    expect(warnings[0]?.message).toContain('1024-65530');
  });

  test.runIf(hasLinuxFiles)('is guessed with one warning if its file is missing', async ({ skip }) => {
    skip(!canUnshare, 'needs a working unshare');
    const { ports, range, warnings } = await printPortsWith('mount -t tmpfs none /proc/sys/net/ipv4');
    expect(range).toEqual([49_152, 65_535]);
    expect(ports).toEqual(getServerTCPPorts({ ports: '1024-49151' }));
    expect(warnings.map(({ code }) => code)).toEqual(['PORTSLICE_EPHEMERAL_GUESSED']);
  });

  test.runIf(hasLinuxFiles)(
    'that makes no sense is an error that names the two variables',
    async ({ skip }) => {
      skip(!canUnshare, 'needs a working unshare');
      const garbage = await writeSpecFile('many\n');
      const wrapper = namespaceWrapper(`mount --bind '${garbage}' ${RANGE_FILE}`) ?? [];
      const { status, stderr } = await runScript(PRINT_PORTS, { wrapper });
      expect(status).not.toBe(0);
      expect(stderr).toMatch(/EphemeralRangeError.*many.*PORTSLICE_PORTS .*PORTSLICE_PORTS_FILE/s);
    },
  );

  test('that makes no sense does not matter to a spec', async ({ skip }) => {
    skip(!canUnshare, 'needs a working unshare');
    const garbage = await writeSpecFile('many\n');
    const code = `import { getServerTCPPorts } from './src/index.ts'; console.log(JSON.stringify(getServerTCPPorts()));`;
    const wrapper = namespaceWrapper(`mount --bind '${garbage}' ${RANGE_FILE}`) ?? [];
    const ports = await scriptOutput<number[]>(code, { wrapper, env: { PORTSLICE_PORTS: '2000-2002' } });
    expect(ports).toEqual([2000, 2001, 2002]);
  });
});

describe('without a spec', () => {
  test('the server ports ascend and hold neither ephemeral nor blocked ports', () => {
    const ports = getServerTCPPorts();
    const [min, max] = getEphemeralTCPPortRange();
    expect(ports).toEqual(ports.toSorted((a, b) => a - b));
    expect(new Set(ports).size).toBe(ports.length);
    expect(ports.filter((port) => (port >= min && port <= max) || browserBlockedPorts.has(port))).toEqual([]);
    expect(ports[0]).toBe(1024);
  });

  test('the option and the variable exclude ports together', () => {
    vi.stubEnv('PORTSLICE_EXCLUDED_PORTS', ' 1025 , 1027-1029 ');
    const ports = getServerTCPPorts({ excludedPorts: new Set([1024, 1031]) });
    expect(formatPortSpec(ports.slice(0, 4))).toBe('1026,1030,1032-1033');
  });
});

describe('a spec', () => {
  const ISSUE = '  2000 - 2020, 6000, 6001, 65000 , 65040-65042 ';
  const ISSUE_PORTS = '2000-2020,6001,65000,65040-65042';

  test.each(['PORTSLICE_PORTS', 'PYSYS_PORTS'])(
    'in %s may have spaces, and the blocked 6000 drops out',
    (name) => {
      vi.stubEnv(name, ISSUE);
      expect(formatPortSpec(getServerTCPPorts())).toBe(ISSUE_PORTS);
    },
  );

  test.each(['PORTSLICE_PORTS_FILE', 'PYSYS_PORTS_FILE'])(
    'in the file of %s may have comments',
    async (name) => {
      vi.stubEnv(
        name,
        await writeSpecFile('# of the team\n2000 - 2020\n\n6000\r\n6001 # ours\n65000, 65040-65042'),
      );
      expect(formatPortSpec(getServerTCPPorts())).toBe(ISSUE_PORTS);
    },
  );

  test('as an option comes before every variable', () => {
    vi.stubEnv('PORTSLICE_PORTS', '3000');
    vi.stubEnv('PYSYS_PORTS', '3001');
    expect(getServerTCPPorts({ ports: ISSUE })).toHaveLength(26);
  });

  test('in our variables comes before the aliases, whichever of a pair is set', async () => {
    vi.stubEnv('PYSYS_PORTS', '3001');
    vi.stubEnv('PORTSLICE_PORTS_FILE', await writeSpecFile('3002'));
    expect(getServerTCPPorts()).toEqual([3002]);
    vi.stubEnv('PORTSLICE_PORTS_FILE', undefined);
    vi.stubEnv('PORTSLICE_PORTS', '3000');
    expect(getServerTCPPorts()).toEqual([3000]);
  });

  test('in an empty variable counts as none', () => {
    vi.stubEnv('PORTSLICE_PORTS', '');
    vi.stubEnv('PORTSLICE_PORTS_FILE', '');
    vi.stubEnv('PYSYS_PORTS_FILE', '');
    vi.stubEnv('PORTSLICE_EXCLUDED_PORTS', '');
    vi.stubEnv('PYSYS_PORTS', '3001');
    expect(getServerTCPPorts()).toEqual([3001]);
  });

  test.each([
    ['PORTSLICE_PORTS', 'PORTSLICE_PORTS_FILE'],
    ['PYSYS_PORTS', 'PYSYS_PORTS_FILE'],
  ])('in both %s and %s is refused', async (list, file) => {
    vi.stubEnv(list, '3000');
    vi.stubEnv(file, '/dev/null');
    const error = await errorOf(PortSpecError, () => getServerTCPPorts());
    expect(error.message).toBe(`${list} and ${file}: both are set. Unset one of them.`);
  });

  test('is narrowed by excluded ports', () => {
    vi.stubEnv('PORTSLICE_EXCLUDED_PORTS', '2001-2010');
    expect(formatPortSpec(getServerTCPPorts({ ports: '2000-2020', excludedPorts: [2020] }))).toBe(
      '2000,2011-2019',
    );
  });

  test('in the ephemeral range works, with one warning that counts the ports and names the variable', async () => {
    const [min, max] = getEphemeralTCPPortRange();
    const spec = `${min - 2}-${min + 1},${max}`;
    const { ports, warnings } = await scriptOutput<PrintedPorts>(PRINT_PORTS, {
      env: { PYSYS_PORTS: spec },
    });
    expect(ports).toEqual([min - 2, min - 1, min, min + 1, max]);
    expect(warnings.map(({ code }) => code)).toEqual(['PORTSLICE_EPHEMERAL_OVERLAP']);
    expect(warnings[0]?.message).toContain(`3 ports of PYSYS_PORTS lie in the ephemeral range ${min}-${max}`);
  });

  test('beside the ephemeral range gives no warning', async () => {
    const [min] = getEphemeralTCPPortRange();
    const env = { PORTSLICE_PORTS: String(min - 1) };
    expect(await scriptOutput<PrintedPorts>(PRINT_PORTS, { env })).toMatchObject({
      ports: [min - 1],
      warnings: [],
    });
  });
});

describe('bad input', () => {
  const BAD_TOKENS = ['abc', '70000', '0', '30-20', '1-2-3', '-5', '2000-', '20.5', '0x50'];

  test.each(BAD_TOKENS)('%s in a variable is refused with the variable and the token', async (token) => {
    for (const name of ['PORTSLICE_PORTS', 'PYSYS_PORTS', 'PORTSLICE_EXCLUDED_PORTS']) {
      vi.stubEnv(name, `2000, ${token}`);
      const error = await errorOf(PortSpecError, () => getServerTCPPorts());
      expect(error).toMatchObject({ source: name, token, line: undefined });
      expect(error.message).toContain(`${name}: '${token}'`);
      vi.stubEnv(name, undefined);
    }
  });

  test.each(BAD_TOKENS)('%s in a file is refused with the file, the line and the token', async (token) => {
    const file = await writeSpecFile(`# head\n2000-2001\n2005, ${token} # tail\n`);
    for (const name of ['PORTSLICE_PORTS_FILE', 'PYSYS_PORTS_FILE']) {
      vi.stubEnv(name, file);
      const error = await errorOf(PortSpecError, () => getServerTCPPorts());
      expect(error).toMatchObject({ source: file, token, line: 3 });
      expect(error.message).toContain(`${file}, line 3: '${token}'`);
      vi.stubEnv(name, undefined);
    }
  });

  test.each(['PORTSLICE_PORTS_FILE', 'PYSYS_PORTS_FILE'])('a missing file in %s is named', async (name) => {
    const file = path.join(folder, 'missing.txt');
    vi.stubEnv(name, file);
    const error = await errorOf(PortSpecError, () => getServerTCPPorts());
    expect(error.message).toContain(`${name}: '${file}' cannot be read (ENOENT)`);
  });

  test('a folder in place of the file is refused too', async () => {
    vi.stubEnv('PORTSLICE_PORTS_FILE', folder);
    const error = await errorOf(PortSpecError, () => getServerTCPPorts());
    expect(error.message).toContain(`'${folder}' cannot be read (EISDIR)`);
  });

  test.each([
    [{ PORTSLICE_PORTS: '6000,6666' }, 'PORTSLICE_PORTS'],
    [{ PYSYS_PORTS: '3000', PORTSLICE_EXCLUDED_PORTS: '3000' }, 'PYSYS_PORTS'],
    [{ PORTSLICE_EXCLUDED_PORTS: '1-65535' }, 'PORTSLICE_EXCLUDED_PORTS'],
    [{ PORTSLICE_PORTS: '  ' }, 'PORTSLICE_PORTS'],
  ])('%o leaves nothing, which is refused', async (env, source) => {
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    const error = await errorOf(PortSpecError, () => getServerTCPPorts());
    expect(error.source).toBe(source);
  });

  test('a file in which nothing is left is named', async () => {
    const file = await writeSpecFile('6000\n');
    vi.stubEnv('PYSYS_PORTS_FILE', file);
    const error = await errorOf(PortSpecError, () => getServerTCPPorts());
    expect(error.source).toBe(`PYSYS_PORTS_FILE=${file}`);
  });

  test('a bad token in the option is refused with the option', async () => {
    const error = await errorOf(PortSpecError, () => getServerTCPPorts({ ports: '2000,abc' }));
    expect(error.message).toContain("the option 'ports': 'abc'");
  });

  test.each([
    ['ports', 2000],
    ['ports', null],
    ['excludedPorts', '2000'],
    ['excludedPorts', null],
    ['excludedPorts', 2000],
    ['excludedPorts', [2000, 0]],
    ['excludedPorts', [65_536]],
    ['excludedPorts', [2000.5]],
    ['excludedPorts', ['2000']],
    ['excludePorts', [2000]],
  ])('the option %s = %o is refused', async (option, value) => {
    const act = () => getServerTCPPorts({ [option]: value });
    expect((await errorOf(InvalidOptionError, act)).option).toBe(option);
  });

  test.each([null, '2000'])('%o in place of options is refused', async (options) => {
    const act = () => getServerTCPPorts(options as ServerPortOptions);
    expect((await errorOf(InvalidOptionError, act)).option).toBe('options');
  });
});
