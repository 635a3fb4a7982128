/**
 * Draws a chart of horizontal bars as SVG. It brings its own background, in the theme of whoever looks at it, so that
 * the text is readable wherever the picture is shown.
 */
import type { Chart } from './section.ts';

const WIDTH = 760;
const MARGIN = 16;
const TITLE_HEIGHT = 34;
const ROW_HEIGHT = 26;
const BAR_HEIGHT = 16;
/** Of a character of the text beside the bars, on average; a picture cannot measure its text. */
const CHARACTER_WIDTH = 6.6;
const GAP = 8;
const MIN_BAR_WIDTH = 2;

const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #1f2328 }
  .title { font-size: 14px; font-weight: 600 }
  .background { fill: #ffffff }
  .ours { fill: #0969da }
  .other { fill: #8c959f }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .background { fill: #0d1117 }
    .ours { fill: #4493f8 }
    .other { fill: #6e7681 }
  }
`;

export function drawChart(chart: Chart): string {
  const { bars, title, unit, logarithmic = false } = chart;
  const height = TITLE_HEIGHT + bars.length * ROW_HEIGHT + MARGIN;
  const values = bars.map(({ value }) => formatValue(value, unit));
  const labelWidth = textWidth(bars.map(({ label }) => label));
  const barStart = MARGIN + labelWidth + GAP;
  const longest = Math.max(MIN_BAR_WIDTH, WIDTH - MARGIN - barStart - GAP - textWidth(values));
  const lengths = barLengths(
    bars.map(({ value }) => value),
    logarithmic,
  ).map((share) => Math.max(MIN_BAR_WIDTH, share * longest));
  const caption = `${title} (${unit}${logarithmic ? ', logarithmic' : ''})`;
  const rows = bars.flatMap(({ label, isOurs }, index) => {
    const middle = TITLE_HEIGHT + (index + 0.5) * ROW_HEIGHT;
    const length = lengths[index] as number;
    return [
      text(barStart - GAP, middle, label, 'text-anchor="end"'),
      `<rect class="${isOurs ? 'ours' : 'other'}" x="${round(barStart)}" y="${round(middle - BAR_HEIGHT / 2)}" ` +
        `width="${round(length)}" height="${BAR_HEIGHT}" rx="2"/>`,
      text(barStart + length + GAP, middle, values[index] as string),
    ];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>${escapeText(caption)}</title>`,
    `<style>${STYLE}</style>`,
    `<rect class="background" width="${WIDTH}" height="${height}" rx="6"/>`,
    text(MARGIN, TITLE_HEIGHT / 2 + 2, caption, 'class="title"'),
    ...rows,
    '</svg>\n',
  ].join('\n');
}

/** As shares of the longest. A logarithmic bar begins at the power of ten below the smallest value. */
function barLengths(values: readonly number[], logarithmic: boolean): number[] {
  const largest = Math.max(...values, Number.MIN_VALUE);
  if (!logarithmic) return values.map((value) => Math.max(0, value) / largest);
  const positive = values.filter((value) => value > 0);
  const start = Math.floor(Math.log10(Math.min(...positive, largest)) - 0.01);
  const span = Math.log10(largest) - start;
  return values.map((value) => (value > 0 ? (Math.log10(value) - start) / span : 0));
}

function formatValue(value: number, unit: string): string {
  return `${Number(value.toPrecision(3))} ${unit}`;
}

function textWidth(texts: readonly string[]): number {
  return Math.max(0, ...texts.map(({ length }) => length)) * CHARACTER_WIDTH;
}

function text(x: number, middle: number, content: string, attributes = ''): string {
  const position = `x="${round(x)}" y="${round(middle)}" dominant-baseline="central"`;
  return `<text ${position}${attributes === '' ? '' : ` ${attributes}`}>${escapeText(content)}</text>`;
}

function escapeText(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
