/** What the lock of every operating system keeps. Instantiated for each of them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PortKernel } from '../../../src/platform/port-kernel.ts';
import { type KernelPeer, NOBODY, startPeer, startPeerThread } from '../../support/kernel-peer.ts';
import { stopProcess } from '../../support/listening-server.ts';
import { needRoot } from '../../support/needs.ts';
import { type PortBlock, reservePorts } from '../../support/port-block.ts';

const PORT_COUNT = 30;

export function describeLocks(name: string, openKernel: () => PortKernel): void {
  describe(`a lock of ${name}`, () => {
    const kernel = openKernel();
    let block: PortBlock;
    let peer: KernelPeer;
    beforeAll(async () => {
      [block, peer] = await Promise.all([reservePorts(PORT_COUNT), startPeer()]);
    });
    afterAll(async () => {
      await Promise.all([block[Symbol.asyncDispose](), peer.kill()]);
    });

    const port = (): number => block.ports[0] as number;
    const lock = (of: number): number => {
      const descriptor = kernel.takeLock(of);
      if (descriptor === undefined) throw new Error(`Port ${of} is locked.`);
      return descriptor;
    };

    async function expectExclusive(other: KernelPeer): Promise<void> {
      const mine = lock(port());
      expect(await other.kernel('takeLock', port())).toBeUndefined();
      kernel.closeDescriptors([mine]);
      const theirs = await other.kernel('takeLock', port());
      expect(theirs).toBeTypeOf('number');
      expect(kernel.takeLock(port())).toBeUndefined();
      await other.kernel('closeDescriptors', [theirs as number]);
      kernel.closeDescriptors([lock(port())]);
    }

    test('is taken once in a process', () => {
      const mine = lock(port());
      expect(kernel.takeLock(port())).toBeUndefined();
      kernel.closeDescriptors([mine]);
      kernel.closeDescriptors([lock(port())]);
    });

    test('locks one port and no other', () => {
      const locks = block.ports.map(lock);
      expect(new Set(locks).size).toBe(PORT_COUNT);
      kernel.closeDescriptors(locks);
    });

    test('excludes other processes', async () => {
      await expectExclusive(peer);
    });

    test('excludes other threads', async () => {
      await using thread = await startPeerThread();
      await expectExclusive(thread);
    });

    test('excludes processes of other users', async (context) => {
      needRoot(context);
      await using other = await startPeer({ userId: NOBODY });
      await expectExclusive(other);
    });

    test('is free as soon as its process was killed', async () => {
      await using victim = await startPeer();
      await victim.kernel('takeLock', port());
      expect(kernel.takeLock(port())).toBeUndefined();
      await victim.kill();
      kernel.closeDescriptors([lock(port())]);
    });

    test('is not inherited by the processes that its process starts', async () => {
      const mine = lock(port());
      const child: ChildProcess = spawn(process.execPath, ['-e', 'process.stdin.resume()'], {
        stdio: ['pipe', 'ignore', 'inherit'],
      });
      await using _end = { [Symbol.asyncDispose]: () => stopProcess(child) };
      await once(child, 'spawn');
      kernel.closeDescriptors([mine]);
      kernel.closeDescriptors([lock(port())]);
      expect(child.exitCode).toBeNull();
    });

    test('goes to exactly one of several processes that want it at once', async () => {
      await using second = await startPeer();
      const parties = [peer, second];
      for (let round = 0; round < 3; round++) {
        const asked = block.ports.flatMap((wanted) =>
          parties.map(async (party) => ({
            party,
            wanted,
            descriptor: await party.kernel('takeLock', wanted),
          })),
        );
        const won = (await Promise.all(asked)).filter(({ descriptor }) => descriptor !== undefined);
        expect(won.map(({ wanted }) => wanted).toSorted((a, b) => a - b)).toEqual(block.ports);
        for (const { party, descriptor } of won)
          await party.kernel('closeDescriptors', [descriptor as number]);
      }
    });
  });
}
