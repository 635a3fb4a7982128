import { expect, test } from './support/project.ts';

const TSCONFIG = (module: string, moduleResolution: string): string =>
  JSON.stringify({
    compilerOptions: {
      strict: true,
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
      noPropertyAccessFromIndexSignature: true,
      noUnusedLocals: true,
      verbatimModuleSyntax: true,
      noEmit: true,
      target: 'es2023',
      lib: ['es2023', 'esnext.disposable', 'dom'],
      module,
      moduleResolution,
      types: ['node'],
      // Playwright's own declarations need it.
      skipLibCheck: true,
    },
    include: ['*.ts'],
  });

const USES = `
  import { test as base, mergeTests } from '@playwright/test';
  import { TCPPortOwner } from 'portslice';
  import { acquirePort, expect, portFixtures, test, withPorts } from 'portslice/playwright';
  import { acquirePort as acquirePortInVitest } from 'portslice/vitest';
  import type {
    PortOptions, Ports, PortTestFixtures, PortWorkerFixtures, Server, Servers, StartServerOptions,
  } from 'portslice/playwright';
  import globalSetup from 'portslice/playwright/global-setup';

  type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
  const same = <A, B>(_: Equal<A, B>): void => undefined;

  test.use({ portOptions: { hosts: ['127.0.0.1'], socketAddressFamily: 'ipv4', hold: false, acquireTimeoutMs: 5 } });
  // @ts-expect-error -- no family
  test.use({ portOptions: { socketAddressFamily: 'ipv5' } });
  // @ts-expect-error -- a label is the fixture's own affair
  test.use({ portOptions: { label: 'mine' } });

  test('all fixtures', async ({ port, ports, workerPort, workerPorts, portOptions, page }) => {
    same<typeof port, TCPPortOwner>(true);
    same<typeof workerPort, TCPPortOwner>(true);
    same<typeof ports, Ports>(true);
    same<typeof workerPorts, Ports>(true);
    same<typeof portOptions, PortOptions>(true);
    const number: number = await ports.getNextAvailableTCPPort({ hosts: [''] });
    const owners = await workerPorts.acquireMany(2, { acquireTimeoutMs: 1 });
    same<typeof owners, [TCPPortOwner, TCPPortOwner]>(true);
    const asMany = await ports.acquireMany(owners.length as number);
    same<typeof asMany, TCPPortOwner[]>(true);
    // @ts-expect-error -- there may be none
    asMany[0].cleanup();
    await page.goto(port.url('/path', 'https'));
    expect([number, ...owners.map((owner) => owner.port)]).toContain(1);

    // Its whole face, and nothing of its inside.
    same<
      Exclude<keyof TCPPortOwner, symbol>,
      'port' | 'hosts' | 'host' | 'socketAddressFamily' | 'url' | 'cleanup' | 'toString' | 'toJSON'
    >(true);
    same<keyof Ports, 'acquire' | 'acquireMany' | 'getNextAvailableTCPPort'>(true);
    // @ts-expect-error -- a port is what it is
    port.port = 1;
  });
  same<keyof PortTestFixtures, 'port' | 'ports' | 'portOptions' | 'server' | 'servers' | 'serverOptions'>(true);
  same<keyof PortWorkerFixtures, 'workerPort' | 'workerPorts' | 'workerServer' | 'workerServers' | 'workerServerOptions'>(true);

  test.use({ serverOptions: { command: ['node', 'api.js', '{port}'], ready: { url: '/health', status: 204 } } });
  test.use({ serverOptions: undefined, workerServerOptions: { command: 'npm start', ready: /ready on/ } });
  test.use({ serverOptions: async ({ port }, use) => use({ command: 'npm start', env: { BACKEND: port.url() } }) });
  // @ts-expect-error -- what is it to start?
  test.use({ serverOptions: { ready: '/' } });
  test('servers', async ({ server, servers, workerServer, workerServers, serverOptions }) => {
    same<typeof server, Server>(true);
    same<typeof workerServer, Server>(true);
    same<typeof servers, Servers>(true);
    same<typeof workerServers, Servers>(true);
    same<typeof serverOptions, StartServerOptions | undefined>(true);
    const another: Server = await servers.start({ command: (ports) => expect(ports['port']?.port).toBe(1) });
    await another.restart();
    // @ts-expect-error -- what is it to start?
    await workerServers.start({});
  });

  test.beforeAll(async ({ workerPort }) => {
    same<typeof workerPort, TCPPortOwner>(true);
  });
  test.beforeEach(async () => {
    same<typeof acquirePort, typeof acquirePortInVitest>(true);
    const owner: TCPPortOwner = await acquirePort({ hosts: ['127.0.0.1'], acquireTimeoutMs: 5, label: 'mine' });
    // @ts-expect-error -- no such option
    await acquirePort({ host: owner.hosts[0] });
  });
  const own = base.extend<{ greeting: string }>({ greeting: 'x' }).extend<PortTestFixtures, PortWorkerFixtures>(portFixtures);
  own('extended', ({ greeting, port, workerPort }) => {
    same<typeof greeting, string>(true);
    same<typeof port, TCPPortOwner>(true);
    same<typeof workerPort, TCPPortOwner>(true);
  });
  base.extend(portFixtures)('inferred', ({ port, ports }) => {
    same<typeof port, TCPPortOwner>(true);
    same<typeof ports, Ports>(true);
  });
  mergeTests(test, base.extend<{ greeting: number }>({ greeting: 1 }))('merged', ({ greeting, port }) => {
    same<typeof greeting, number>(true);
    same<typeof port, TCPPortOwner>(true);
  });
  const users = test.extend<{ url: string }, { sharedUrl: string }>({
    url: async ({ port }, use) => use(port.url()),
    sharedUrl: [async ({ workerPort }, use) => use(workerPort.url()), { scope: 'worker' }],
  });
  users('users', ({ url, sharedUrl }) => {
    same<typeof url | typeof sharedUrl, string>(true);
  });

  export const setup: string | ((config: never) => unknown) = globalSetup;
  export const configuration = withPorts({ retries: 1 }, { ports: '2000-2010', excludedPorts: [2001], restMs: 0 });
  same<(typeof configuration)['retries'], number>(true);
  export const later: Promise<{ retries: number }> = withPorts(Promise.resolve({ retries: 1 }));
  // @ts-expect-error -- Playwright knows how many workers it has
  withPorts({}, { workers: 3 });
`;

test('all fixtures have their types in strict projects', async ({ createProject }) => {
  const project = await createProject({
    'uses.ts': USES,
    'tsconfig.json': TSCONFIG('nodenext', 'nodenext'),
    'tsconfig.bundler.json': TSCONFIG('esnext', 'bundler'),
  });
  for (const configuration of ['tsconfig.json', 'tsconfig.bundler.json']) {
    const { output, exitCode } = await project.run('tsc', ['-p', configuration]);
    expect(output, configuration).toBe('');
    expect(exitCode).toBe(0);
  }
});
