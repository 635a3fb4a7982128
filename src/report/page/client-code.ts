/**
 * The script and the style of the page. scripts/bundle.ts puts a module with both texts in the place of this one: they are made
 * of the folder client/, which is for browsers and cannot run here.
 */

/** One classic script, with the licences of what is in it. */
export function pageScript(): string {
  throw notBuilt();
}

export function pageStyle(): string {
  throw notBuilt();
}

function notBuilt(): Error {
  return new Error('The page is part of the built package only: run npm run build, and use dist.');
}
