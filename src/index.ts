export { browserBlockedPorts } from './core/browser-blocked-ports.ts';
export {
  EphemeralRangeError,
  ForeignFunctionError,
  ForeignListenerError,
  HostError,
  InvalidOptionError,
  PermissionError,
  PoolClosedError,
  PoolDamagedError,
  PoolForeignError,
  PoolHandleError,
  PoolStaleError,
  PortPoolExhaustedError,
  PortsliceError,
  PortSpecError,
  ResourceLimitError,
  ServerExitedError,
  SystemCallError,
  TestEndedError,
  UnsupportedPlatformError,
  WaitTimeoutError,
} from './errors.ts';
export type { ExhaustionFacts, PortHolder, PortsliceErrorCode } from './errors.ts';
export type { PortStateName } from './core/port-state.ts';
export type { AcquireOptions, SocketAddressFamily, TCPPortOwnerOptions } from './pool/owner-options.ts';
export { portIsInUse } from './pool/port-in-use.ts';
export { portAllocationStats, PortPool, PortSlice } from './pool/port-pool.ts';
export type { PortPoolOptions } from './pool/port-pool.ts';
export { getEphemeralTCPPortRange, getServerTCPPorts } from './pool/server-ports.ts';
export type { ServerPortOptions } from './pool/server-ports.ts';
export type { PortAllocationStats, PortRecord } from './pool/snapshot.ts';
export { TCPPortOwner } from './pool/tcp-port-owner.ts';
export { waitForListening } from './pool/wait-for-listening.ts';
export type { WaitForListeningOptions } from './pool/wait-for-listening.ts';
