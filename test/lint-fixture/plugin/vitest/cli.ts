export { command as commandOfPlugin } from '../../cli/good.ts';
