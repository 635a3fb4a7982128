export { test as vitestTest } from 'vitest';
