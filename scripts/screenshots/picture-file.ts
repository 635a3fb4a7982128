import path from 'node:path';

export const COLOR_SCHEMES = ['light', 'dark'] as const;
export type ColorScheme = (typeof COLOR_SCHEMES)[number];

export function pictureFile(folder: string, name: string, colorScheme: ColorScheme): string {
  return path.join(folder, `${name}-${colorScheme}.png`);
}
