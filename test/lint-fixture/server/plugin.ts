export { ownPort as ownPortOfServer } from '../plugin/playwright/good.ts';
