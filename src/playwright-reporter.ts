export { default } from './plugin/playwright/reporter.ts';
