/** The descriptors of this process. */
import { closeSync, openSync, readdirSync } from 'node:fs';

export function countDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

/** Uses up all that this process may still open, but for so many. @returns what gives them back */
export function useUpDescriptors(left: number): () => void {
  const opened: number[] = [];
  try {
    for (;;) opened.push(openSync('/dev/null', 'r'));
  } catch {
    for (const descriptor of opened.splice(Math.max(0, opened.length - left))) closeSync(descriptor);
  }
  return () => {
    for (const descriptor of opened.splice(0)) closeSync(descriptor);
  };
}
