/** Starts the page. */
import { render } from 'preact';
import { readReport } from './read-report.ts';
import { App } from './view/app.tsx';

const page = document.querySelector('#page') as HTMLElement;
readReport(document.querySelector('#report')?.textContent ?? '').then(
  (report) => render(<App report={report} />, page),
  (error: unknown) => {
    page.textContent = `The report in this file cannot be read: ${String(error)}`;
  },
);
