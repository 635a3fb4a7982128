export { browserBlockedPorts } from './core/browser-blocked-ports.ts';
export {
  AlreadyServedError,
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
  PortLeakError,
  PortPoolExhaustedError,
  PortsliceError,
  PortSpecError,
  PortTakenError,
  ResourceLimitError,
  RunPortUnknownError,
  ServerAddressInUseError,
  ServerCommandError,
  ServerDiedError,
  ServerExitedError,
  ServerHandOverError,
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
  LeftPort,
  PortHolder,
  PortLeak,
  PortsliceErrorCode,
  ProcessDescription,
} from './errors/index.ts';
export type { PortStateName } from './core/port-state.ts';
// So that an override of npm can put this package in the place of get-port.
export { clearLockedPorts, default, portNumbers } from './plugin/get-port.ts';
export type { Options } from './plugin/get-port.ts';
export type { GroupOptions } from './pool/api/group-options.ts';
export type {
  AcquireManyOptions,
  AcquireOptions,
  SocketAddressFamily,
  TCPPortOwnerOptions,
} from './pool/api/owner-options.ts';
export { portIsInUse } from './pool/api/port-in-use.ts';
export { portAllocationStats, PortPool, PortSlice } from './pool/api/port-pool.ts';
export type { PortPoolOptions } from './pool/api/port-pool.ts';
export { getEphemeralTCPPortRange, getServerTCPPorts } from './pool/session/server-ports.ts';
export type { ServerPortOptions } from './pool/session/server-ports.ts';
export type { PortAllocationStats, PortRecord } from './pool/session/snapshot.ts';
export { TCPPortOwner } from './pool/api/tcp-port-owner.ts';
export { waitForListening } from './pool/api/wait-for-listening.ts';
export type { ServerProcess, WaitForListeningOptions } from './pool/api/wait-options.ts';
export { runPort } from './server/run-ports/run-port.ts';
export type { RunPortOptions } from './server/run-ports/run-port-options.ts';
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
