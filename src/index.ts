export { browserBlockedPorts } from './core/browser-blocked-ports.ts';
export {
  EphemeralRangeError,
  ForeignFunctionError,
  ForeignListenerError,
  HostError,
  InvalidOptionError,
  NoTestError,
  PermissionError,
  PoolClosedError,
  PoolDamagedError,
  PoolForeignError,
  PoolHandleError,
  PoolStaleError,
  PortPoolExhaustedError,
  PortsliceError,
  PortSpecError,
  PortTakenError,
  ResourceLimitError,
  ServerAddressInUseError,
  ServerCommandError,
  ServerExitedError,
  ServerNotReadyError,
  ServerStopError,
  ServerStoppedError,
  SystemCallError,
  TestEndedError,
  UnsupportedPlatformError,
  WaitTimeoutError,
} from './errors/index.ts';
export type {
  ExhaustionFacts,
  ForeignPortHolder,
  PortHolder,
  PortsliceErrorCode,
  ProcessDescription,
} from './errors/index.ts';
export type { PortStateName } from './core/port-state.ts';
export type { AcquireOptions, SocketAddressFamily, TCPPortOwnerOptions } from './pool/api/owner-options.ts';
export { portIsInUse } from './pool/api/port-in-use.ts';
export { portAllocationStats, PortPool, PortSlice } from './pool/api/port-pool.ts';
export type { PortPoolOptions } from './pool/api/port-pool.ts';
export { getEphemeralTCPPortRange, getServerTCPPorts } from './pool/session/server-ports.ts';
export type { ServerPortOptions } from './pool/session/server-ports.ts';
export type { PortAllocationStats, PortRecord } from './pool/session/snapshot.ts';
export { TCPPortOwner } from './pool/api/tcp-port-owner.ts';
export { waitForListening } from './pool/api/wait-for-listening.ts';
export type { ServerProcess, WaitForListeningOptions } from './pool/api/wait-options.ts';
export { startServer } from './server/start-server.ts';
export type { Server, ServerEnd } from './server/server.ts';
export type {
  LauncherOptions,
  Readiness,
  ServerCloser,
  ServerFunction,
  ServerPorts,
  StartServerOptions,
} from './server/server-options.ts';
