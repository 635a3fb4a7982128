export { devices } from '@playwright/test';
