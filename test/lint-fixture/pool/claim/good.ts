import { open } from '../session/good.ts';
export const claim = (): unknown => open();
