export { limit as limitOfErrors } from '../core/good.ts';
