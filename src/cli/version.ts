/** Of portslice. */
import { findOwnPackage } from '../platform/own-package.ts';

export function readVersion(): string {
  return findOwnPackage().manifest.version ?? 'unknown';
}
