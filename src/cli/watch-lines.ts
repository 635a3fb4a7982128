/** Looks again and again where no terminal reads: whoever reads gets a text when there is one. */
import { startInterval, stopInterval } from '../platform/clock.ts';

/**
 * Until nobody reads any more, as `head` when it has enough; a signal ends the process as it does any other one.
 * @param look prints what is new. @returns the exit code
 */
export async function watchLines(intervalMs: number, look: () => void): Promise<number> {
  const { stdout } = process;
  return new Promise((resolve, reject) => {
    const end = (settle: () => void): void => {
      stopInterval(timer);
      stdout.off('close', onClose);
      settle();
    };
    const onClose = (): void => end(() => resolve(0));
    const attempt = (): void => {
      try {
        look();
      } catch (error) {
        end(() => reject(error));
      }
    };
    const timer = startInterval(attempt, intervalMs);
    stdout.on('close', onClose);
    attempt();
  });
}
