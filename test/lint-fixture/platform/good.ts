import type * as FileSystem from 'node:fs';
import { limit } from '../core/good.ts';

const { readFileSync }: typeof FileSystem = process.getBuiltinModule('node:fs');
export type SystemName = 'linux' | 'other';
export const read = (): unknown => [limit, readFileSync('here')];
