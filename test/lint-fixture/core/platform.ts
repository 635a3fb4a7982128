export type { SystemName } from '../platform/good.ts';
