import { readFileSync } from 'node:fs';
import { load } from 'koffi';
import { limit } from '../core/good.ts';
export type SystemName = 'linux' | 'other';
export const read = (): unknown => [load, limit, readFileSync('here')];
