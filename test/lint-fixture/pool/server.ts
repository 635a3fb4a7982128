export { serve as serveFromPool } from '../server/good.ts';
