export { default } from './plugin/playwright/global-setup.ts';
