/** Ports for tests that bind strictly, on which no connection of an earlier test lingers in TIME_WAIT. */
import { isQuiet, reservePorts } from './port-block.ts';

export interface QuietPorts extends AsyncDisposable {
  /** Another port than the last time. */
  next(): number;
}

export async function reserveQuietPorts(): Promise<QuietPorts> {
  const block = await reservePorts(40);
  let position = 0;
  const next = (): number => {
    for (const _ of block.ports) {
      const port = block.ports[position++ % block.ports.length] as number;
      if (isQuiet(port)) return port;
    }
    throw new Error('No port of the block is quiet.');
  };
  return { next, [Symbol.asyncDispose]: () => block[Symbol.asyncDispose]() };
}
