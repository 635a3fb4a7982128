/** What kind of process has made a pool, by its command line. */

export type RunnerName = 'playwright' | 'vitest' | 'tinypool' | 'portslice run' | 'script';

/** Each with the beginning of a path or a word before it, so that a folder of that name is none. */
const COMMANDS: readonly (readonly [RunnerName, RegExp])[] = [
  [
    'playwright',
    /(?:^|[\\/\s])(?:@playwright[\\/]test[\\/]cli\.js|playwright[\\/]cli\.js|playwright)"? (?:.* )?test\b/,
  ],
  // It calls its main process so; on some systems the command line stays.
  ['vitest', /^(?:\S*[\\/])?node(?:\.exe)? \(vitest\)|(?:^|[\\/\s])vitest(?:\.mjs)?"?(?: |$)/],
  ['portslice run', /(?:^|[\\/\s])(?:portslice|portslice[\\/]dist[\\/]cli\.js)"? run\b/],
];
/** Scripts of runners that test workers run: such a process has a pool of its own where the runner is not wired. */
const WORKERS: readonly (readonly [RunnerName, RegExp])[] = [
  ['playwright', /[\\/]playwright[\\/]lib[\\/](?:common|worker)[\\/]/],
  ['vitest', /[\\/]vitest[\\/]dist[\\/]workers[\\/]|^(?:\S*[\\/])?node(?:\.exe)? \(vitest \d+\)/],
];
/** Its workers that are processes; those that are threads do not tell. */
const TINYPOOL_WORKER = /[\\/]tinypool[\\/]dist[\\/]entry[\\/]process\.js/;

/** Far more than a runner's name needs: a command line can have megabytes that somebody has made to keep us busy. */
const MAX_LENGTH = 4000;

/** @param command of the process that has made the pool. @param workerCommands of the others that have ports of it */
export function runnerOf(
  command: string | undefined,
  workerCommands: Iterable<string | undefined>,
): RunnerName {
  const beginning = command?.slice(0, MAX_LENGTH) ?? '';
  const named = [...COMMANDS, ...WORKERS].find(([, pattern]) => pattern.test(beginning));
  if (named !== undefined) return named[0];
  for (const worker of workerCommands)
    if (worker !== undefined && TINYPOOL_WORKER.test(worker.slice(0, MAX_LENGTH))) return 'tinypool';
  return 'script';
}
