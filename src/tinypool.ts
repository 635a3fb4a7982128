export { createTinypool } from './plugin/tinypool/create-tinypool.ts';
