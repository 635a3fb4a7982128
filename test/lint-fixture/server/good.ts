export { poolOf as serve } from '../pool/good.ts';
