/** The colours of the style sheet, for what is drawn on a canvas. */

const NAMES = [
  'text',
  'muted',
  'line',
  'line-strong',
  'surface',
  'lane',
  'held',
  'shared',
  'waiting',
  'leaked',
  'sealed',
  'server',
  'on-bar',
  'accent',
  'slice-a',
  'slice-b',
  'excluded',
  'foreign',
] as const;

type ColorName = (typeof NAMES)[number];
export type Colors = Readonly<Record<ColorName, string>>;

export function readColors(): Colors {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(
    NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]),
  ) as Colors;
}
