export { title as titleOfCommand } from '../plugin/report/good.ts';
