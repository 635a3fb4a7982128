/** One try to connect to a server. */
import type { LookupFunction } from 'node:net';
import { isUnderLocalhost } from '../../core/host-name.ts';

/** So that the end of the server is noticed soon even where packets are dropped. */
export const MAX_CONNECT_MS = 500;
/** Somebody listens at that very address and is busy, or packets are dropped. */
export const NO_ANSWER = 'no answer';

export interface ConnectTarget {
  readonly host: string;
  readonly port: number;
  /** 0, the default: either. */
  readonly family?: 0 | 4 | 6;
}

/** @returns why not, or undefined */
export async function tryToConnect(
  { host, port, family = 0 }: ConnectTarget,
  leftMs: number,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    // Loaded here, since most processes that own ports never wait.
    const lookup = isUnderLocalhost(host) ? { lookup: findLoopback } : {};
    const socket = process
      .getBuiltinModule('node:net')
      .connect({ host, port, family, autoSelectFamily: true, ...lookup });
    const finish = (problem?: string): void => {
      socket.destroy();
      resolve(problem);
    };
    socket.setTimeout(Math.min(MAX_CONNECT_MS, Math.max(1, leftMs)), () => finish(NO_ANSWER));
    socket.once('connect', () => finish());
    socket.once('error', (error: NodeJS.ErrnoException) => finish(error.code ?? error.message));
  });
}

/** Not every resolver knows names under localhost. */
export const findLoopback: LookupFunction = (_host, { all = false, family = 0 }, callback) => {
  const wanted = Number(String(family).replace('IPv', ''));
  const found = LOOPBACK.filter((address) => wanted === 0 || address.family === wanted);
  const [first = IPV4] = found;
  if (all) callback(null, found);
  else callback(null, first.address, first.family);
};

const IPV4 = { address: '127.0.0.1', family: 4 };
/** Most servers that listen on one of them alone do so on the first. */
const LOOPBACK: readonly { readonly address: string; readonly family: number }[] = [
  { address: '::1', family: 6 },
  IPV4,
];
