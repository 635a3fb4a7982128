/**
 * Every error that portslice throws, a file for each section of docs/errors.md. Each class has a literal `code` for programs,
 * readonly facts, and a message that says what happened, with which values, and what to do.
 */
export { PortsliceError, type PortsliceErrorCode } from './base.ts';
export { pointToPort } from './command-hint.ts';
export { describeCommand, describeProcess, type ProcessDescription } from './describe-process.ts';
export { describeValue } from './describe-value.ts';
export {
  type ExhaustionFacts,
  type ForeignPortHolder,
  type LeftPort,
  type PortHolder,
  PortPoolExhaustedError,
} from './exhaustion.ts';
export { type PortLeak, PortLeakError } from './leaks.ts';
export { ELLIPSIS, harmless, isolate, withoutControls } from './harmless.ts';
export { HostError, InvalidOptionError, NoTestError, PortSpecError, TestEndedError } from './options.ts';
export {
  describeTaking,
  PoolClosedError,
  PoolDamagedError,
  PoolForeignError,
  PoolHandleError,
  PoolStaleError,
  PortTakenError,
  type PortTakenFacts,
} from './pools.ts';
export { EphemeralRangeError, UnsupportedPlatformError } from './ports.ts';
export { AlreadyServedError, RunPortUnknownError } from './run-ports.ts';
export { describeEnd } from './server-ends.ts';
export {
  explainErrno,
  ServerAddressInUseError,
  ServerCommandError,
  ServerHandOverError,
  ServerNotReadyError,
  type ServerStartFacts,
  ServerStopError,
  ServerStoppedError,
} from './server-starts.ts';
export { ForeignListenerError, ServerDiedError, ServerExitedError, WaitTimeoutError } from './servers.ts';
export { ForeignFunctionError, PermissionError, ResourceLimitError, SystemCallError } from './system.ts';
