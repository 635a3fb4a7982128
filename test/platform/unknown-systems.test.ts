/** Systems and processors without a kernel of ours: nothing fails before the first port, and that with an error that says so. */
import { expect, test } from 'vitest';
import { runDoctor } from '../support/run-doctor.ts';
import { scriptOutput } from '../support/run-script.ts';

interface System {
  readonly name: string;
  readonly arch: string;
}

const SYSTEMS: readonly System[] = ['haiku', 'freebsd', 'openbsd', 'sunos', 'aix', 'android'].map((name) => ({
  name,
  arch: process.arch,
}));
/** Of 32 bits, and with the high byte first. */
const PROCESSORS: readonly System[] = [
  ...['ia32', 'arm', 's390x', 'ppc64'].map((arch) => ({ name: 'linux', arch })),
  { name: 'win32', arch: 'ia32' },
  { name: 'darwin', arch: 'ppc64' },
];

const pretend = ({ name, arch }: System): string => `
  Object.defineProperty(process, 'platform', { value: '${name}' });
  Object.defineProperty(process, 'arch', { value: '${arch}' });`;

interface Outcomes {
  readonly hasPool: boolean;
  readonly warnings: readonly (readonly [code: string, message: string])[];
  readonly ports: Readonly<Record<string, readonly [code: string, message: string]>>;
}

test.each([...SYSTEMS, ...PROCESSORS])(
  'On $name-$arch the package loads, a run starts with a warning, and each way to a first port is a typed error',
  async (system) => {
    const script = `${pretend(system)}
      const warnings = [];
      process.on('warning', ({ code, message }) => warnings.push([code, message]));
      const entries = ['index', 'get-port', 'tinypool', 'vitest-plugin', 'vitest-global-setup', 'playwright-global-setup'];
      const [main, getPort] = await Promise.all(entries.map((entry) => import('./src/' + entry + '.ts')));
      const { startRunPool } = await import('./src/plugin/run-pool.ts');
      const run = startRunPool(2);
      const firstPort = async (act) => {
        try { return ['a port', String(await act())] } catch ({ code, message }) { return [code, message] }
      };
      const ports = {
        owner: await firstPort(() => new main.TCPPortOwner().port),
        acquire: await firstPort(() => main.TCPPortOwner.acquire()),
        pool: await firstPort(() => main.PortPool.create()),
        runPort: await firstPort(() => main.runPort('web')),
        getPort: await firstPort(() => getPort.default()),
        isInUse: await firstPort(() => main.portIsInUse(20_000)),
        server: await firstPort(() => main.startServer({ command: [process.execPath, '-e', ''] })),
      };
      run.stop();
      await new Promise((resolve) => setImmediate(resolve));
      console.log(JSON.stringify({ hasPool: run.pool !== undefined, warnings, ports }));`;
    const { hasPool, warnings, ports } = await scriptOutput<Outcomes>(script);
    expect(hasPool).toBe(false);
    expect(warnings).toEqual([
      ['PORTSLICE_NO_POOL', expect.stringContaining('Tests that use no port are not affected.')],
    ]);
    for (const [way, [code, message]] of Object.entries(ports)) {
      expect([way, code]).toEqual([way, 'PORTSLICE_UNSUPPORTED_PLATFORM']);
      expect(message).toContain(`'${system.name}`);
    }
  },
);

test.each([...SYSTEMS.slice(0, 2), ...PROCESSORS.slice(-1)])(
  'On $name-$arch the self-test fails for the kernel, and says what it has not tried',
  { timeout: 120_000 },
  async (system) => {
    const preload = `data:text/javascript,${encodeURIComponent(pretend(system))}`;
    const { exitCode, failed, output } = await runDoctor({ nodeOptions: ['--import', preload] });
    expect(failed).toEqual([
      expect.stringMatching(
        /^FAILED: {2}The system can be asked for ports: .* PORTSLICE_UNSUPPORTED_PLATFORM\.$/,
      ),
    ]);
    expect(output).toMatch(/^Verdict: FAILED\. 1 of 3 .* 10 more could not be tested\.$/m);
    expect(exitCode).toBe(1);
  },
);
