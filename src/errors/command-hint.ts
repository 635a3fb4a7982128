/** The command that shows more, as the last sentence of a message: nothing follows, so that it can be copied. */

export function pointToPort(port: number): string {
  return `More: npx portslice who ${port}`;
}

export const POINT_TO_STATUS = 'More: npx portslice status';
