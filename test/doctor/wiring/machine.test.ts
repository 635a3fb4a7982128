/** What the doctor tells of what is installed, of the limits of the machine and of its network. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { addon } from '../../../src/doctor/wiring/checks/addon.ts';
import { installScripts } from '../../../src/doctor/wiring/checks/install-scripts.ts';
import { judgeRedirections } from '../../../src/doctor/wiring/checks/redirection.ts';
import type { Finding, WiringCheck } from '../../../src/doctor/wiring/finding.ts';
import { lookAtWiring } from '../../../src/doctor/wiring/look-at-wiring.ts';
import type { Project } from '../../../src/doctor/wiring/project.ts';
import { judgeInterfaces } from '../../../src/platform/linux/network-place.ts';
import { addonTarget } from '../../../src/platform/platform.ts';
import { needNamespace } from '../../support/needs.ts';
import { scriptOutput } from '../../support/run-script.ts';
import { createUsersProject } from './project.ts';

/** An installation of portslice with these packages beside it. */
function installation(
  packages: Readonly<Record<string, object>>,
): Disposable & { look: (check: WiringCheck) => Finding } {
  const folder = mkdtempSync(path.join(tmpdir(), 'portslice-installed-'));
  const manifest = {
    name: 'portslice',
    dependencies: { commander: '*' },
    optionalDependencies: {
      '@koromix/koffi-linux-x64': '3.3.4',
      [ADDON]: '3.3.4',
      '@koromix/koffi-win32-x64': '3.3.4',
    },
  };
  for (const [name, each] of Object.entries({ portslice: manifest, ...packages })) {
    const file = path.join(folder, 'node_modules', name, 'package.json');
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify({ ...each, name }));
  }
  const file = path.join(folder, 'node_modules/portslice/package.json');
  return {
    look: (check) => check.look({ portslice: { file, manifest } } as unknown as Project) as Finding,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}

const ADDON = `@koromix/koffi-${addonTarget()}`;

describe('The addon', () => {
  test('is there', () => {
    using installed = installation({ [ADDON]: { version: '3.3.4' } });
    expect(installed.look(addon)).toEqual({
      outcome: 'ok',
      finding: `The addon for this platform is installed: ${ADDON} 3.3.4`,
    });
  });

  test('is missing', () => {
    using installed = installation({});
    expect(installed.look(addon)).toEqual({
      outcome: 'failed',
      finding: `The package ${ADDON} is not installed`,
      advice: `Install again on this machine, without --omit=optional, or add it: npm install --save-dev ${ADDON}@3.3.4.`,
    });
  });

  test("is another machine's", () => {
    using installed = installation({ '@koromix/koffi-win32-x64': { version: '3.3.4' } });
    expect(installed.look(addon)).toMatchObject({
      outcome: 'failed',
      finding: `The package ${ADDON} is not installed, but @koromix/koffi-win32-x64: node_modules is of another machine`,
    });
  });

  test('has another version', () => {
    using installed = installation({ [ADDON]: { version: '2.9.0' } });
    expect(installed.look(addon)).toMatchObject({
      outcome: 'warning',
      finding: `The addon ${ADDON} has version 2.9.0, and portslice was tried with 3.3.4`,
    });
  });
});

describe('Install scripts', () => {
  test('are in none of the packages that portslice really needs', async () => {
    using project = createUsersProject({});
    expect(await project.find('install-scripts')).toMatchObject({
      outcome: 'ok',
      finding: expect.stringMatching(/^None of the \d+ packages .* has an install script/) as string,
    });
  });

  test('are told of, also those of indirect dependencies', () => {
    using installed = installation({
      commander: { dependencies: { left: '*' } },
      left: { scripts: { postinstall: 'node build.js' } },
    });
    expect(installed.look(installScripts)).toMatchObject({
      outcome: 'warning',
      finding: 'An install script is in left',
    });
  });
});

describe('The package', () => {
  test('is not installed for the project', async () => {
    using project = createUsersProject({ hasPortslice: false });
    expect(await project.find('package')).toMatchObject({
      outcome: 'warning',
      finding: expect.stringMatching(/^The tests here cannot import portslice/) as string,
    });
  });

  test.for<readonly [what: string, text: string, finding: RegExp]>([
    ['is no JSON', '{ "name": "shop", }', /package\.json is no JSON: /],
    ['has no object', 'null', /package\.json is no JSON object$/],
  ])('cannot be found where the package.json of the project %s', async ([, text, finding]) => {
    using project = createUsersProject({ files: { 'package.json': text } });
    expect(await project.find('package')).toMatchObject({
      outcome: 'failed',
      finding: expect.stringMatching(finding) as string,
    });
  });

  test('is another version than the one that tests the project', async () => {
    const files = { 'node_modules/portslice/package.json': '{ "name": "portslice", "version": "0.0.1" }' };
    using project = createUsersProject({ hasPortslice: false, files });
    expect(await project.find('package')).toMatchObject({
      outcome: 'warning',
      finding: expect.stringMatching(/^The tests here import portslice 0\.0\.1, and this is \d/) as string,
    });
  });
});

describe('The server ports', () => {
  afterEach(() => vi.unstubAllEnvs());

  test.for<readonly [ports: string, outcome: string, finding: RegExp]>([
    ['', 'ok', /^There are [\d,]+ server ports outside of the ephemeral range \d+-\d+$/],
    ['20000-29999', 'ok', /^There are [\d,]+ server ports of PORTSLICE_PORTS$/],
    [
      '20000',
      'warning',
      /^There are only 1 server port of PORTSLICE_PORTS, for as many as \d+ workers at once$/,
    ],
    ['2000-1000', 'failed', /^There are no server ports: PORTSLICE_PORTS: '2000-1000' /],
  ])('of PORTSLICE_PORTS=%s', async ([ports, outcome, finding]) => {
    vi.stubEnv('PORTSLICE_PORTS', ports);
    using project = createUsersProject({});
    expect(await project.find('server-ports')).toMatchObject({
      outcome,
      finding: expect.stringMatching(finding) as string,
    });
  });
});

describe('The limit of open files', () => {
  const LOOK = `
    import { descriptors } from './src/doctor/wiring/checks/descriptors.ts';
    console.log(JSON.stringify(descriptors.look()));
  `;

  test.for([
    {
      limit: 4096,
      outcome: 'ok',
      finding: 'A process may open 4,096 files, enough for about 1,998 ports at once',
    },
    {
      limit: 110,
      outcome: 'warning',
      finding: 'A process may open 110 files, enough for about 5 ports at once; where workers are threads,',
    },
  ])('is $limit', async ({ limit, outcome, finding }) => {
    const wrapper = ['sh', '-ec', `ulimit -n ${limit}\nexec "$0" "$@"`];
    const found = await scriptOutput<Finding>(LOOK, { wrapper });
    expect(found.outcome).toBe(outcome);
    expect(found.finding.startsWith(finding)).toBe(true);
  });
});

describe('A redirection', () => {
  const rule = {
    port: 5432,
    isOfContainers: true,
    by: 'iptables',
    processId: undefined,
    target: '172.17.0.2:5432',
  };
  const proxy = { ...rule, by: 'docker-proxy', processId: 7 };

  test('that nobody listens for is told of, with what to exclude', () => {
    const found = [rule, { ...rule, port: 5433 }, { ...rule, port: 8080 }];
    expect(judgeRedirections({ found, seesRules: true })).toEqual({
      outcome: 'warning',
      finding:
        'Rules of iptables lead connections to server ports elsewhere, which look free all the same: 5432-5433,8080',
      advice: 'Keep tests from them: PORTSLICE_EXCLUDED_PORTS=5432-5433,8080.',
    });
  });

  test("of a port on which Docker's helper listens is no danger", () => {
    expect(judgeRedirections({ found: [proxy, rule], seesRules: true })).toEqual({
      outcome: 'ok',
      finding: "No server port is redirected unseen; Docker's published ones are seen to be taken",
    });
  });

  test('is not there as far as that can be seen', async () => {
    using project = createUsersProject({});
    expect(await project.find('redirection')).toMatchObject({ outcome: 'ok' });
    expect(judgeRedirections({ found: [], seesRules: false })).toMatchObject({
      finding: 'No server port is redirected unseen, as far as that can be seen without being root',
    });
  });
});

describe('The network', () => {
  const device = { name: 'eth0', isDevice: true, hasOtherEnd: false };
  const loopback = { name: 'lo', isDevice: false, hasOtherEnd: false };
  const pair = { name: 'eth0', isDevice: false, hasOtherEnd: true };
  const bridge = { name: 'docker0', isDevice: false, hasOtherEnd: false };

  test.for([
    { what: 'a machine with Docker', interfaces: [loopback, device, bridge, pair], place: 'machine' },
    { what: 'a container', interfaces: [loopback, pair], place: 'own' },
    { what: 'a container without a network', interfaces: [loopback], place: 'own' },
    { what: 'bridges alone', interfaces: [loopback, bridge], place: undefined },
    { what: 'nothing that shows', interfaces: [], place: undefined },
  ])('is understood from the interfaces of $what', ({ interfaces, place }) => {
    expect(judgeInterfaces(interfaces)).toBe(place);
  });

  test('is seen to be one of its own', async (context) => {
    const look = `
      import { findNetworkPlace } from './src/platform/network-place.ts';
      console.log(JSON.stringify(findNetworkPlace() ?? null));
    `;
    expect(await scriptOutput(look, { wrapper: needNamespace(context) })).toBe('own');
    expect(await scriptOutput(look)).not.toBe('own');
  });
});

test('A point that cannot be looked at is told of, and the others are looked at all the same', async () => {
  const checks: WiringCheck[] = [
    {
      name: 'broken',
      look: () => {
        throw new Error('no such thing');
      },
    },
    { name: 'good', look: () => ({ outcome: 'ok', finding: 'Good' }) },
  ];
  expect(await lookAtWiring('.', checks)).toMatchObject({
    verdict: 'warning',
    results: [
      { name: 'broken', outcome: 'warning', finding: 'It could not be looked at: no such thing' },
      { name: 'good', outcome: 'ok' },
    ],
  });
});
