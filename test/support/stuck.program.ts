/** For watchdog.test.ts: a program that makes a pool and then stands still, either way. */
import { PortPool } from '../../src/index.ts';
import { programConfig, serve } from './serve.ts';

const commands = {
  createPool: (): string => PortPool.create({ ports: programConfig() as string }).handle,
  /** In the middle of a turn of the event loop. */
  block: (): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0),
};
export type StuckCommands = typeof commands;
serve(commands);
