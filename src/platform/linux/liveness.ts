/** Whether the thread of a record or slice is alive. A hint only: numbers are used again, and namespaces hide processes. */
import { fileSystem } from '../file-system.ts';

export function isAlive(threadId: number): boolean {
  if (threadId <= 0) return false;
  try {
    // On Linux signal 0 reaches every thread by its number.
    process.kill(threadId, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** As `isAlive`, but a process that has ended counts as ended even while its parent has not looked yet. */
export function isRunning(processId: number): boolean {
  if (!isAlive(processId)) return false;
  try {
    const text = fileSystem().readFileSync(`/proc/${processId}/stat`, 'latin1');
    return !'ZX'.includes(text.charAt(text.lastIndexOf(')') + 2));
  } catch {
    // Gone by now, or no /proc: then the signal's answer stands.
    return isAlive(processId);
  }
}
