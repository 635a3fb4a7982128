/** Measures in pairs: whatever disturbs the machine for a while disturbs both of a pair, and the median of the pairs leaves it out. */
import type { Usage } from './usage.ts';

/** `PORTSLICE_BENCH=quick` takes as little as there is to take: for tests, and for whoever changes a measurement. */
const isQuick: boolean = process.env['PORTSLICE_BENCH'] === 'quick';

export function repetitions(full: number, quick: number): number {
  return isQuick ? quick : full;
}

/** What is measured and what it is compared with. */
export interface Question {
  readonly subject: string;
  readonly base: string;
  readonly unit: 'ms' | 'us';
  readonly by: 'difference' | 'ratio';
  /** The bar of the CPU time, in the unit or in times. Without it the comparison is only shown. */
  readonly atMost?: number;
}

export interface Comparison extends Question {
  readonly pairs: number;
  readonly cpu: Compared;
  readonly wall: Compared;
}

/** In the unit of the question. */
export interface Compared {
  readonly subject: number;
  readonly base: number;
  /** The pairs' differences or ratios: the first quarter, the median, the third. */
  readonly quartiles: readonly [number, number, number];
}

/**
 * Measures each subject once in every round, every second round in reverse, after one round of warm-up.
 * @returns by name, by round
 */
export async function takeTurns<Name extends string>(
  rounds: number,
  subjects: Readonly<Record<Name, () => Usage | Promise<Usage>>>,
): Promise<Record<Name, Usage[]>> {
  const measures = Object.entries(subjects) as [Name, () => Usage | Promise<Usage>][];
  const usages = Object.fromEntries(measures.map(([name]) => [name, []])) as unknown as Record<Name, Usage[]>;
  for (let round = isQuick ? 0 : -1; round < rounds; round++) {
    for (const [name, measure] of round % 2 === 0 ? measures : measures.toReversed()) {
      const usage = await measure();
      if (round >= 0) usages[name].push(usage);
    }
  }
  return usages;
}

/** Pair by pair: what `more` takes longer than `less`, for each of `count`. */
export function perPiece(more: readonly Usage[], less: readonly Usage[], count: number): Usage[] {
  return more.map((usage, round) => ({
    cpuMs: (usage.cpuMs - (less[round] as Usage).cpuMs) / count,
    wallMs: (usage.wallMs - (less[round] as Usage).wallMs) / count,
  }));
}

export function compare(question: Question, subject: readonly Usage[], base: readonly Usage[]): Comparison {
  const factor = question.unit === 'us' ? 1000 : 1;
  const compareBy = (key: keyof Usage): Compared => {
    const [values, baseValues] = [subject, base].map((usages) =>
      usages.map((usage) => usage[key] * factor),
    ) as [number[], number[]];
    const compared = values.map((value, pair) =>
      question.by === 'ratio' ? value / (baseValues[pair] as number) : value - (baseValues[pair] as number),
    );
    return {
      subject: quantile(values, 0.5),
      base: quantile(baseValues, 0.5),
      quartiles: [quantile(compared, 0.25), quantile(compared, 0.5), quantile(compared, 0.75)],
    };
  };
  return { ...question, pairs: subject.length, cpu: compareBy('cpuMs'), wall: compareBy('wallMs') };
}

/** Of values in any order; 0.5 is the median. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const [below, above] = [sorted[Math.floor(place)] as number, sorted[Math.ceil(place)] as number];
  return below + (above - below) * (place % 1);
}
