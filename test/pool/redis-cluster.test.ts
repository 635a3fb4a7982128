/** What offsets are for: the nodes of a real Redis cluster, each with its bus port 10,000 above its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { askRedis } from '../../examples/servers/redis.ts';
import { PortPool, TCPPortOwner, waitForListening } from '../../src/index.ts';
import { platform } from '../../src/platform/platform.ts';
import { cleanEnvironment } from '../support/environment.ts';
import { startProcess } from '../support/live-process.ts';
import { needProgram } from '../support/needs.ts';
import { until } from '../support/until.ts';

const BUS_OFFSET = 10_000;
const SLOT_COUNT = 16_384;

interface Node extends AsyncDisposable {
  readonly owners: readonly [port: TCPPortOwner, bus: TCPPortOwner];
  readonly pid: number;
}

async function startNode(program: string): Promise<Node> {
  const owners = await TCPPortOwner.acquireMany(2, { offsets: [0, BUS_OFFSET], label: 'a node' });
  const folder = mkdtempSync(path.join(tmpdir(), 'portslice-redis-'));
  const args = ['--port', String(owners[0]), '--bind', '127.0.0.1', '--dir', folder, '--save', ''];
  const { pid, kill } = startProcess([program, ...args, '--cluster-enabled', 'yes', '--logfile', 'log'], {
    env: cleanEnvironment(),
  });
  const end = async (): Promise<void> => {
    await kill();
    for (const owner of owners) owner.cleanup();
    rmSync(folder, { recursive: true });
  };
  for (const owner of owners) await waitForListening(owner, { host: '127.0.0.1', pid });
  return { owners, pid, [Symbol.asyncDispose]: end };
}

test('three nodes of a Redis cluster listen on their ports and bus ports, and find each other', async (context) => {
  const program = needProgram(context, 'redis-server');
  using pool = new DisposableStack();
  const opened = pool.adopt(PortPool.create({ workers: 3 }), (own) => own.close());
  process.env['PORTSLICE_POOL'] = opened.handle;
  pool.defer(() => delete process.env['PORTSLICE_POOL']);
  await using stack = new AsyncDisposableStack();
  const nodes: Node[] = [];
  for (let count = 0; count < 3; count++) nodes.push(stack.use(await startNode(program)));

  for (const { owners, pid } of nodes) {
    expect(owners[1].port).toBe(owners[0].port + BUS_OFFSET);
    for (const { port } of owners) expect(platform.findListeners(port)).toMatchObject([{ processId: pid }]);
  }

  const [first, ...others] = nodes.map(({ owners }) => owners[0]) as [TCPPortOwner, ...TCPPortOwner[]];
  for (const port of others) await askRedis(first, 'CLUSTER', 'MEET', '127.0.0.1', String(port));
  const share = Math.ceil(SLOT_COUNT / nodes.length);
  for (const [place, { owners }] of nodes.entries()) {
    const slots = Array.from({ length: SLOT_COUNT }, (_, slot) => String(slot));
    const mine = slots.slice(place * share, (place + 1) * share);
    await askRedis(owners[0], 'CLUSTER', 'ADDSLOTS', ...mine);
  }
  await until('the cluster is complete', async () => {
    const info = await askRedis(first, 'CLUSTER', 'INFO');
    return info.includes('cluster_state:ok') && info.includes('cluster_known_nodes:3');
  });
});
