/** The page of a report in Chromium: how large it is, how soon it is seen, and how it scrolls. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from '@playwright/test';
import { launchOptions } from '../e2e/support/chromium.ts';
import type { PortsReport } from '../src/report/format.ts';
import { loadRenderPage } from '../test/support/report-page.ts';
import { syntheticReport } from '../test/support/synthetic-report.ts';
import { quantile, repetitions } from './pairs.ts';
import type { Project } from './project.ts';
import { type Bar, formatNumber, type Section, type Table } from './report.ts';

const OPENINGS: number = repetitions(7, 1);
const FRAMES: number = repetitions(180, 20);
const SIZES: readonly number[] = [1_000, 20_000];
/** A frame at 60 Hz, twice: one that is left out is not seen. */
const FRAME_MS = 34;
const FIRST_VIEW_MS = 2_000;

/** As with the bar pulled: every row is another one. Shown, and no scrolling. */
const JUMP = 'the table jumps, by 200 rows';
/** What is moved, and how, in each frame. It runs in the page. */
const MOVES: Readonly<Record<string, string>> = {
  'the table scrolls, by 5 rows': `document.querySelector('.table-scroller').scrollTop += 150`,
  [JUMP]: `document.querySelector('.table-scroller').scrollTop += 6_000 * (frame % 60 < 30 ? 1 : -1)`,
  'the timeline pans': `move({ deltaX: frame % 60 < 30 ? 25 : -25 })`,
  'the timeline zooms': `move({ deltaY: frame % 60 < 30 ? -40 : 40, ctrlKey: true })`,
  'the timeline scrolls': `document.querySelector('.lanes').scrollTop += frame % 60 < 30 ? 40 : -40`,
};

interface Opened {
  readonly testCount: number;
  readonly writtenMs: number;
  readonly bytes: number;
  readonly jsonBytes: number;
  /** From the start of the navigation. */
  readonly firstViewsMs: readonly number[];
  readonly moves: Readonly<Record<string, Moved>>;
}

interface Moved {
  readonly framesMs: readonly number[];
  /** Of the script itself, over 50 ms. */
  readonly longTasks: number;
}

export async function measurePage(project: Project): Promise<Section> {
  const browser = await chromium.launch(launchOptions);
  try {
    const opened: Opened[] = [];
    for (const testCount of SIZES) opened.push(await measureSize(browser, project, testCount));
    return sectionOf(opened);
  } finally {
    await browser.close();
  }
}

async function measureSize(browser: Browser, project: Project, testCount: number): Promise<Opened> {
  const report = syntheticReport({ testCount, machineCount: 4, workersPerMachine: 8 });
  const { file, ...written } = await write(project, report);
  const firstViewsMs: number[] = [];
  let moves = {};
  for (let opening = 0; opening < OPENINGS; opening++) {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    firstViewsMs.push(await open(page, file));
    if (opening === OPENINGS - 1) moves = await measureMoves(page);
    await page.close();
  }
  return { testCount, ...written, firstViewsMs, moves };
}

async function write(
  { dir }: Project,
  report: PortsReport,
): Promise<Pick<Opened, 'writtenMs' | 'bytes' | 'jsonBytes'> & { readonly file: string }> {
  const renderPage = await loadRenderPage();
  const startedMs = performance.now();
  const html = renderPage(report);
  const writtenMs = performance.now() - startedMs;
  const file = path.join(dir, `report-${report.tests.length}.html`);
  writeFileSync(file, html);
  return { file, writtenMs, bytes: Buffer.byteLength(html), jsonBytes: JSON.stringify(report).length };
}

/** @returns when the first frame with the table in it was drawn */
async function open(page: Page, file: string): Promise<number> {
  await page.goto(pathToFileURL(file).href, { waitUntil: 'commit' });
  return page.evaluate<number>(`new Promise((resolve) => {
    const look = () =>
      document.querySelector('#tests-table tbody td') === null
        ? requestAnimationFrame(look)
        : requestAnimationFrame(() => resolve(performance.now()));
    look();
  })`);
}

async function measureMoves(page: Page): Promise<Record<string, Moved>> {
  const moves: Record<string, Moved> = {};
  for (const [name, move] of Object.entries(MOVES))
    moves[name] = await page.evaluate<Moved>(moveInPage(move));
  return moves;
}

function moveInPage(move: string): string {
  return `new Promise((resolve) => {
    const surface = document.querySelector('.lanes-surface');
    const box = surface.getBoundingClientRect();
    const move = (wheel) =>
      surface.dispatchEvent(new WheelEvent('wheel', { ...wheel, bubbles: true, cancelable: true, clientX: box.x + box.width / 2, clientY: box.y + 20 }));
    let [frame, longTasks, lastMs] = [0, 0, undefined];
    const framesMs = [];
    const observer = new PerformanceObserver((list) => (longTasks += list.getEntries().length));
    observer.observe({ type: 'longtask' });
    const step = (nowMs) => {
      if (lastMs !== undefined) framesMs.push(nowMs - lastMs);
      lastMs = nowMs;
      if (frame++ === ${FRAMES}) {
        observer.disconnect();
        resolve({ framesMs, longTasks });
        return;
      }
      ${move};
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  })`;
}

function sectionOf(opened: readonly Opened[]): Section {
  return {
    title: 'The page of a report',
    method:
      `Synthetic runs on 4 machines of 8 workers, opened in headless Chromium from a file, in a window of 1280 by 900. *Written* is \`renderPage\` alone. *First view* is from the start of the ` +
      `navigation to the first frame that has the table of tests, the median of ${OPENINGS} openings with new pages. *Moved*: in each of ${FRAMES} frames one step; frame times are those between frames, ` +
      '16.7 ms where nothing holds them up. A long task is one of more than 50 ms.',
    tables: [sizeTable(opened), moveTable(opened)],
    bars: opened.flatMap(barsOf),
  };
}

function sizeTable(opened: readonly Opened[]): Table {
  return {
    header: ['tests', 'written', 'page', 'the same as JSON', 'first view'],
    rows: opened.map(({ testCount, writtenMs, bytes, jsonBytes, firstViewsMs }) => [
      String(testCount),
      `${formatNumber(writtenMs)} ms`,
      `${formatNumber(bytes / 1e6)} MB`,
      `${formatNumber(jsonBytes / 1e6)} MB`,
      `${formatNumber(quantile(firstViewsMs, 0.5))} ms`,
    ]),
  };
}

function moveTable(opened: readonly Opened[]): Table {
  return {
    header: ['tests', 'moved', 'frame, median', 'nine of ten within', 'at most', 'long tasks'],
    rows: opened.flatMap(({ testCount, moves }) =>
      Object.entries(moves).map(([name, { framesMs, longTasks }]) => [
        String(testCount),
        name,
        ...[0.5, 0.9, 1].map((share) => `${formatNumber(quantile(framesMs, share))} ms`),
        String(longTasks),
      ]),
    ),
  };
}

function barsOf({ testCount, firstViewsMs, moves }: Opened): Bar[] {
  const firstViewMs = quantile(firstViewsMs, 0.5);
  const frameMs = quantile(
    Object.entries(moves).flatMap(([name, { framesMs }]) => (name === JUMP ? [] : framesMs)),
    0.9,
  );
  return [
    barOf(`the page of ${testCount} tests is seen`, firstViewMs, FIRST_VIEW_MS),
    barOf(`nine of ten frames while the page of ${testCount} tests moves`, frameMs, FRAME_MS),
  ];
}

function barOf(what: string, measuredMs: number, mostMs: number): Bar {
  return {
    what,
    wanted: `within ${formatNumber(mostMs)} ms`,
    measured: `${formatNumber(measuredMs)} ms`,
    missedBy: measuredMs <= mostMs ? undefined : `${formatNumber(measuredMs - mostMs)} ms`,
  };
}
