import { claim } from '../claim/good.ts';
import { open } from '../session/good.ts';
export const own = (): unknown => claim() ?? open();
