export { ownPort } from './plugin/playwright/good.ts';
