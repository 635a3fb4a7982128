import type { SystemName } from './good.ts';
export const systemName: SystemName = process.platform === 'linux' ? 'linux' : 'other';
