/** Runs programs in turn, so that whatever else the machine does disturbs all of them alike. */
import { execFileSync, spawnSync } from 'node:child_process';

const TIMEOUT_MS = 600_000;

/**
 * @param measure is called for each subject once a round, every second round in reverse
 * @returns the values of each subject, by round
 */
export function interleave<Subject, Value = number>(
  subjects: readonly Subject[],
  { rounds, warmUpRounds = 0 }: { rounds: number; warmUpRounds?: number },
  measure: (subject: Subject) => Value,
): Value[][] {
  const values = subjects.map((): Value[] => []);
  for (let round = -warmUpRounds; round < rounds; round++) {
    const order = [...subjects.entries()];
    if (round % 2 !== 0) order.reverse();
    for (const [index, subject] of order) {
      const value = measure(subject);
      if (round >= 0) values[index]?.push(value);
    }
  }
  return values;
}

/** From the start of a process to its end, in milliseconds. */
export function wallTimeMs(
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  cwd?: string,
): number {
  const startMs = performance.now();
  const options = { env, timeout: TIMEOUT_MS, ...(cwd === undefined ? {} : { cwd }) };
  const { status, stdout, stderr } = spawnSync(file, args, {
    ...options,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  const timeMs = performance.now() - startMs;
  if (status !== 0)
    throw new Error(`${file} ${args.join(' ')} ended with ${String(status)}:\n${stdout}${stderr}`);
  return timeMs;
}

/** What the program prints: one number. */
export function toldNumber(file: string, args: readonly string[], env: NodeJS.ProcessEnv): number {
  const text = execFileSync(file, args, { env, encoding: 'utf8', timeout: TIMEOUT_MS });
  const value = Number.parseFloat(text);
  if (Number.isNaN(value)) throw new Error(`${file} ${args.join(' ')} printed no number: ${text}`);
  return value;
}
