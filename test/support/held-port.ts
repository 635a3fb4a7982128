/** A port of this process for as long as a test runs: locked and held. */
import { platform } from '../../src/platform/platform.ts';
import { type PortBlock, reservePorts } from './port-block.ts';

export interface HeldPort extends AsyncDisposable {
  readonly port: number;
}

export async function holdPort(): Promise<HeldPort> {
  const block: PortBlock = await reservePorts(1);
  const [port] = block.ports as [number];
  const kernel = platform.openKernel();
  const hold = kernel.takeHold(port, { exactAddresses: undefined });
  if (hold === undefined) throw new Error(`Port ${port} is in use.`);
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      kernel.closeDescriptors(hold.descriptors);
      await block[Symbol.asyncDispose]();
    },
  };
}
