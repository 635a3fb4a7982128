/** How Chromium is launched here: Debian's, where it is installed. */
import { systemNeeds } from '../../scripts/system-needs.ts';

const { chromium } = systemNeeds();
/** Chromium refuses its sandbox to root, as whom containers usually run. */
const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];

export const launchOptions: { readonly args: string[]; readonly executablePath?: string } = {
  args,
  ...(chromium === undefined ? {} : { executablePath: chromium }),
};
