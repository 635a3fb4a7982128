export { ownPort as ownPortOfEntry } from '../good.ts';
