import { claim } from '../claim/good.ts';
export const reopen = (): unknown => claim();
