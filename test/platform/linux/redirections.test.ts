import { describe, expect, test } from 'vitest';
import { readCommand } from '../../../src/platform/linux/proc.ts';
import { portInspector, type Redirections } from '../../../src/platform/port-inspector.ts';
import { startDockerHelper } from '../../support/docker-helper.ts';
import { needNamespace, needProgram, needRoot } from '../../support/needs.ts';
import { reservePorts } from '../../support/port-block.ts';
import { scriptOutput } from '../../support/run-script.ts';
import { until } from '../../support/until.ts';

const SETUP_CHAIN = `chain prerouting '{ type nat hook prerouting priority dstnat; }'`;

/** In a process of its own, in the namespace and with the rights that the wrapper gives it. */
function findIn(wrapper: readonly string[], ports: readonly number[]): Promise<Redirections> {
  const code = `
    const { portInspector } = await import('./src/platform/port-inspector.ts');
    console.log(JSON.stringify(portInspector.findRedirections(new Set(${JSON.stringify(ports)}))));
  `;
  return scriptOutput(code, { wrapper });
}

function sorted({ found, seesRules }: Redirections): Redirections {
  return { found: found.toSorted((a, b) => a.port - b.port), seesRules };
}

function ofDocker(by: string): Redirections {
  const common = { by, target: '172.17.0.2:80', processId: undefined };
  return {
    found: [
      { ...common, port: 8080, isOfContainers: true },
      { ...common, port: 8081, isOfContainers: false },
    ],
    seesRules: true,
  };
}

const rule = { isOfContainers: false };

describe('the rules of the kernel', () => {
  test('are seen as iptables has made them, with the chains of Docker', async (context) => {
    const iptables = needProgram(context, 'iptables');
    const lead = (chain: string, port: number): string =>
      `${iptables} -t nat -A ${chain} -p tcp --dport ${port} -j DNAT --to-destination 172.17.0.2:80`;
    const setup = [
      `${iptables} -t nat -N DOCKER`,
      lead('DOCKER', 8080),
      lead('PREROUTING', 8081),
      lead('PREROUTING', 9),
    ];
    const wrapper = needNamespace(context, setup.join('\n'));
    // The commands get a second, which is not enough on a busy machine.
    await expect
      .poll(async () => sorted(await findIn(wrapper, [8080, 8081, 8082])))
      .toEqual(ofDocker('nftables'));
    // Where there is no nft.
    const without = [
      ...wrapper,
      'sh',
      '-ec',
      `mount --bind /bin/false ${needProgram(context, 'nft')}; exec "$0" "$@"`,
    ];
    await expect
      .poll(async () => sorted(await findIn(without, [8080, 8081, 8082])))
      .toEqual(ofDocker('iptables'));
  });

  test('are seen as nftables has them', async (context) => {
    const nft = needProgram(context, 'nft');
    const setup = [
      `${nft} add table ip mine`,
      `${nft} add ${SETUP_CHAIN.replace('chain', 'chain ip mine')}`,
      `${nft} add rule ip mine prerouting tcp dport 8000-8010 redirect to :3000`,
    ];
    const wrapper = needNamespace(context, setup.join('\n'));
    await expect
      .poll(async () => sorted(await findIn(wrapper, [8005])))
      .toEqual({ found: [{ ...rule, port: 8005, by: 'nftables', target: ':3000' }], seesRules: true });
  });

  test('are not visible to others than a network administrator', async (context) => {
    needRoot(context);
    const { found, seesRules } = await findIn(
      ['setpriv', '--bounding-set=-net_admin', '--inh-caps=-net_admin'],
      [80],
    );
    expect({ found, seesRules }).toEqual({ found: [], seesRules: false });
  });
});

test('The helper of Docker is seen by its command line; one of another network namespace has nothing to do with us', async (context) => {
  await using block = await reservePorts(2);
  const [port, other] = block.ports as [number, number];
  await using elsewhere = startDockerHelper(other, needNamespace(context));
  await using helper = startDockerHelper(port);
  const find = (): Redirections['found'] =>
    portInspector.findRedirections(new Set([port, other])).found.filter(({ by }) => by === 'docker-proxy');
  await until('both run under their name', () =>
    [helper, elsewhere].every(({ pid }) => readCommand(pid)?.startsWith('/usr/bin/docker-proxy ') === true),
  );
  expect(find()).toEqual([
    { port, isOfContainers: true, by: 'docker-proxy', processId: helper.pid, target: '172.17.0.2:80' },
  ]);
});
