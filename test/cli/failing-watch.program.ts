/** Shows something on the terminal's other screen, until it cannot be read any more, in the way that its argument says. */
import { watchOnScreen } from '../../src/cli/watch-on-screen.ts';

let count = 0;

function read(): number {
  if (++count < 3) return count;
  if (process.argv[2] === 'exits') process.exit(7);
  throw new Error('it cannot be read any more');
}

const format = (status: number): string[] => [`status ${status}`];
await watchOnScreen({ read, format, intervalMs: 50 });
