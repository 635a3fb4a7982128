/** get-port under its own name: who imports it will ask for ports, so that tests are told apart from the first one on. */
import { wantScopes } from './find-scope.ts';

export { clearLockedPorts, default, type Options, portNumbers } from './get-port.ts';

wantScopes();
