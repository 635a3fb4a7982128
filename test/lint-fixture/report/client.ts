export { render as renderInNode } from './page/client/good.ts';
