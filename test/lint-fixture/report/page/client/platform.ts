export { open as openInBrowser } from '../../../platform/good.ts';
