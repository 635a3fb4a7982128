export { expect as playwrightExpect } from '@playwright/test';
