export { clearLockedPorts, default, portNumbers } from './plugin/get-port-alias.ts';
export type { Options } from './plugin/get-port-alias.ts';
