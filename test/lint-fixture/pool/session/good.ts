import { poolOf } from '../good.ts';
export const open = (): unknown => poolOf();
