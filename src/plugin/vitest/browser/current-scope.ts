/**
 * Stands in for ../current-scope.ts in browsers, which have no AsyncLocalStorage: our setup file wraps nothing, and which of
 * several tests has called is not known.
 */
import type * as InNode from '../current-scope.ts';

const holder: InNode.ScopeHolder = {};
const storage = { getStore: () => undefined };

export const scopeHolder: typeof InNode.scopeHolder = () => holder;

export const openStorage: typeof InNode.openStorage = () =>
  storage as unknown as ReturnType<typeof InNode.openStorage>;
