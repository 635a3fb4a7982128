/** Colours of the report's page. What runs in the page is text, since this project has no types of browsers. */
import type { Page } from '@playwright/test';

/** Of what the timeline has drawn at a point of the window, as '#rrggbb'. */
export function colorAt(page: Page, x: number, y: number): Promise<string> {
  return page.evaluate<string>(`(() => {
    const canvas = document.querySelector('.lanes canvas');
    const box = canvas.getBoundingClientRect();
    const scale = canvas.width / box.width;
    const { data } = canvas.getContext('2d').getImageData((${x} - box.left) * scale, (${y} - box.top) * scale, 1, 1);
    return '#' + [...data.slice(0, 3)].map((part) => part.toString(16).padStart(2, '0')).join('');
  })()`);
}

/** @param name of a custom property of the style sheet, such as '--leaked' */
export function colorNamed(page: Page, name: string): Promise<string> {
  return page.evaluate<string>(
    `getComputedStyle(document.documentElement).getPropertyValue('${name}').trim()`,
  );
}
