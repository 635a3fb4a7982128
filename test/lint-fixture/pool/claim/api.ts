import { own } from '../api/good.ts';
export const reclaim = (): unknown => own();
