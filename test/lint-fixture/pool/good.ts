import { read } from '../platform/good.ts';
export const poolOf = (): unknown => read();
