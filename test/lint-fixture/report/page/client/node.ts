export { readFileSync as readInBrowser } from 'node:fs';
