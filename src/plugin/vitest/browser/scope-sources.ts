/** Stands in for ../../scope-sources.ts in browsers, where nobody asks: `portslice/get-port` is not for them. */
import type * as InNode from '../../scope-sources.ts';

export const addScopeSource: typeof InNode.addScopeSource = () => undefined;
