/** The renderer of the report's page, out of dist: only there the script of the page is in it. */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as RenderPage from '../../src/report/page/render-page.ts';

export async function loadRenderPage(): Promise<typeof RenderPage.renderPage> {
  const file = path.resolve(import.meta.dirname, '../../dist/report-page.js');
  const { renderPage } = (await import(pathToFileURL(file).href)) as typeof RenderPage;
  return renderPage;
}
