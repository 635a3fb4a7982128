import { limit } from './core/good.ts';
export const doubleLimit = limit * 2;
