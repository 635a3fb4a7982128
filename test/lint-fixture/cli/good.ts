export { serve as command } from '../server/good.ts';
