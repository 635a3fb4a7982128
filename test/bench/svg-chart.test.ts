import { describe, expect, it } from 'vitest';
import type { Chart } from '../../bench/section.ts';
import { drawChart } from '../../bench/svg-chart.ts';

const CHART: Chart = {
  name: 'example',
  title: 'Ports & <servers>',
  unit: 'us',
  bars: [
    { label: 'portslice', value: 2, isOurs: true },
    { label: 'get-port', value: 8, isOurs: false },
  ],
};

describe('A chart', () => {
  it('draws bars as long as their values, ours apart from the others', () => {
    const [ours, other] = bars(drawChart(CHART));
    expect(ours).toMatchObject({ kind: 'ours' });
    expect(other).toMatchObject({ kind: 'other' });
    expect(lengthRatio(ours, other)).toBeCloseTo(4, 1);
  });

  it('labels each bar with its name and its value', () => {
    const texts = [...drawChart(CHART).matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, content]) => content);
    expect(texts).toEqual(['Ports &amp; &lt;servers&gt; (us)', 'portslice', '2 us', 'get-port', '8 us']);
  });

  it('gives equal factors equal lengths on a logarithmic scale', () => {
    const values = [1, 10, 100].map((value) => ({ label: `${value}`, value, isOurs: false }));
    const [one, ten, hundred] = bars(drawChart({ ...CHART, logarithmic: true, bars: values }));
    const first = (ten?.length ?? 0) - (one?.length ?? 0);
    expect((hundred?.length ?? 0) - (ten?.length ?? 0)).toBeCloseTo(first, 0);
    expect(first).toBeGreaterThan(0);
  });

  it.each([true, false])(
    'stays inside of the picture, also with nothing but zeros (logarithmic: %s)',
    (logarithmic) => {
      for (const value of [0, 3, 1e9]) {
        const svg = drawChart({
          ...CHART,
          logarithmic,
          bars: [
            { label: 'a'.repeat(60), value, isOurs: true },
            { label: 'b', value: 0, isOurs: false },
          ],
        });
        const width = Number(/width="(\d+)"/.exec(svg)?.[1]);
        for (const bar of bars(svg)) {
          expect(bar.length).toBeGreaterThan(0);
          expect(bar.start + bar.length).toBeLessThan(width);
        }
      }
    },
  );

  it('has colours for a light and for a dark theme, on a background of its own', () => {
    const svg = drawChart(CHART);
    expect(svg).toContain('@media (prefers-color-scheme: dark)');
    expect(svg).toContain('class="background"');
  });
});

interface Bar {
  readonly kind: string;
  readonly start: number;
  readonly length: number;
}

function bars(svg: string): Bar[] {
  const found = svg.matchAll(/<rect class="(ours|other)" x="([\d.]+)" y="[\d.]+" width="([\d.]+)"/g);
  return [...found].map(([, kind, start, length]) => ({
    kind: kind as string,
    start: Number(start),
    length: Number(length),
  }));
}

function lengthRatio(one: Bar | undefined, other: Bar | undefined): number {
  return (other?.length ?? Number.NaN) / (one?.length ?? Number.NaN);
}
