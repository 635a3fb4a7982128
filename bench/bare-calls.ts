/** The system calls of a claim and its release through koffi alone. */
import { loadKoffi } from '../src/platform/koffi.ts';
import {
  AF_INET6,
  AF_UNIX,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SOCK_CLOEXEC,
  SOCK_STREAM,
  SOL_SOCKET,
} from '../src/platform/linux/constants.ts';
import { CLAIM_CALLS, type ClaimCall } from './claim-calls.ts';

type Native = (...args: number[]) => number;

const OPTIONS = { SO_REUSEADDR, SO_REUSEPORT } as const;
/** Where the structures lie in the memory that the calls are given. */
const AT = { unixAddress: 0, internetAddress: 128, values: 192 } as const;
const INTERNET_ADDRESS_BYTES = 28;
/** Family and the leading zero. */
const UNIX_ADDRESS_HEAD_BYTES = 3;

/** @returns a function that makes all calls for the next port between the two */
export function openBareCalls(firstPort: number, lastPort: number): () => void {
  const koffi = loadKoffi(`linux-${process.arch}`);
  const library = koffi.load(null);
  const memory = Buffer.allocUnsafeSlow(256).fill(0);
  const address = Number(koffi.address(memory));
  const native = (prototype: string): Native => library.func(prototype);
  const socket = native('int socket(int, int, int)');
  const bind = native('int bind(int, uintptr_t, uint32_t)');
  const listen = native('int listen(int, int)');
  const close = native('int close(int)');
  const setsockopt = native('int setsockopt(int, int, int, uintptr_t, uint32_t)');
  const sockets = { lock: -1, hold: -1 };
  let unixAddressBytes = 0;
  memory[AT.unixAddress] = AF_UNIX;
  memory[AT.internetAddress] = AF_INET6;
  memory.writeInt32LE(1, AT.values + 4);

  function prepare([name, which, option, value]: ClaimCall): () => number {
    switch (name) {
      case 'socket': {
        const family = which === 'lock' ? AF_UNIX : AF_INET6;
        return () => (sockets[which] = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
      }
      case 'bind':
        return which === 'lock'
          ? () => bind(sockets.lock, address + AT.unixAddress, unixAddressBytes)
          : () => bind(sockets.hold, address + AT.internetAddress, INTERNET_ADDRESS_BYTES);
      case 'listen':
        return () => listen(sockets[which], 0);
      case 'close':
        return () => close(sockets[which]);
      default: {
        const at = address + AT.values + 4 * value;
        return () => setsockopt(sockets[which], SOL_SOCKET, OPTIONS[option], at, 4);
      }
    }
  }

  function writeAddresses(port: number): void {
    const name = `portslice/${port}`;
    for (let index = 0; index < name.length; index++)
      memory[AT.unixAddress + UNIX_ADDRESS_HEAD_BYTES + index] = name.charCodeAt(index);
    unixAddressBytes = UNIX_ADDRESS_HEAD_BYTES + name.length;
    memory[AT.internetAddress + 2] = port >>> 8;
    memory[AT.internetAddress + 3] = port & 0xff;
  }

  const calls = CLAIM_CALLS.map(prepare);
  let port = lastPort;
  return () => {
    port = port >= lastPort ? firstPort : port + 1;
    writeAddresses(port);
    for (const call of calls) {
      if (call() !== -1) continue;
      // Somebody else has the port. What is closed already is closed in vain.
      close(sockets.hold);
      close(sockets.lock);
      return;
    }
  };
}
