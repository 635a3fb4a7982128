/** Pictures of the command, as a terminal emulator shows what it has printed on the machine of a user. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser } from '@playwright/test';
import type { ITerminalInitOnlyOptions, ITerminalOptions, ITheme } from '@xterm/xterm';
import { COLOR_SCHEMES, type ColorScheme, pictureFile } from './picture-file.ts';
import { startUserMachine } from './user-machine.ts';
import type { Captured } from './user-session.program.ts';

type Options = ITerminalOptions & ITerminalInitOnlyOptions;

interface Picture extends Captured {
  readonly name: string;
  /** With fewer than the text has, it is scrolled to its beginning. */
  readonly rows: number;
}

const THEMES: Readonly<Record<ColorScheme, ITheme>> = {
  light: {
    background: '#ffffff',
    foreground: '#1f2328',
    red: '#cf222e',
    green: '#116329',
    yellow: '#7d4e00',
  },
  dark: { background: '#0d1117', foreground: '#e6edf3', red: '#ff7b72', green: '#3fb950', yellow: '#d29922' },
};
/** That comes after the lines of the command. */
const PROMPT = / \$$/;
const FONT = { fontFamily: "'DejaVu Sans Mono', Menlo, Consolas, monospace", fontSize: 13 };

const { resolve } = createRequire(import.meta.url);
const SCRIPT = readFileSync(resolve('@xterm/xterm'), 'utf8');
const STYLE = readFileSync(resolve('@xterm/xterm/css/xterm.css'), 'utf8');

export async function takeTerminalPictures(browser: Browser, folder: string): Promise<void> {
  for (const picture of await captureAll())
    for (const colorScheme of COLOR_SCHEMES)
      await take(browser, picture, THEMES[colorScheme], pictureFile(folder, picture.name, colorScheme));
}

async function captureAll(): Promise<Picture[]> {
  await using machine = startUserMachine();
  const { session } = machine;
  await session.call('startRuns');
  const port = await session.call('portOf', 'pays by card');
  const pictures: Picture[] = [];
  const capture = async (name: string, line: string, lastLine = PROMPT): Promise<void> => {
    const captured = await session.call('capture', 'shop', line);
    const lines = captured.text.split('\n');
    const last = lines.findIndex((each) => lastLine.test(each));
    if (last === -1) throw new Error(`'${line}' has not printed what it should:\n${captured.text}`);
    pictures.push({ ...captured, name, rows: last + 1 });
  };
  await capture('status', 'npx portslice status');
  await capture('who', `npx portslice who ${port} 3000 8080`);
  await capture('ports', 'npx portslice ports');
  await capture('doctor', 'npx portslice doctor', /^Wiring: /);
  return pictures;
}

async function take(browser: Browser, picture: Picture, theme: ITheme, target: string): Promise<void> {
  const { columns: cols, rows, text } = picture;
  const options: Options = {
    ...FONT,
    cols,
    rows,
    theme: { ...theme, scrollbarSliderBackground: theme.background ?? '' },
    convertEol: true,
    cursorInactiveStyle: 'none',
    drawBoldTextInBrightColors: false,
  };
  const page = await browser.newPage();
  await page.setContent(pageOf(options, text));
  await page.locator('body[data-written]').waitFor();
  await page.locator('main').screenshot({ path: target });
  await page.close();
}

function pageOf(options: Options, text: string): string {
  const { background, foreground } = options.theme ?? {};
  return `<!doctype html>
    <style>
      ${STYLE}
      body {
        background: ${background};
      }
      .xterm-rows .xterm-dim {
        color: color-mix(in srgb, ${foreground} 68%, ${background}) !important;
      }
      main {
        display: inline-block;
        padding: 12px;
        border: 1px solid color-mix(in srgb, ${foreground} 25%, ${background});
        border-radius: 6px;
      }
    </style>
    <main></main>
    <script>${SCRIPT}</script>
    <script>
      const terminal = new Terminal(${inScript(options)});
      terminal.open(document.querySelector('main'));
      terminal.write(${inScript(text)}, () => {
        terminal.scrollToTop();
        requestAnimationFrame(() => requestAnimationFrame(() => (document.body.dataset.written = '')));
      });
    </script>`;
}

function inScript(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', String.raw`\u003c`);
}
