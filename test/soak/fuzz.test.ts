/**
 * DESIGN.md, "Public API": a spec and what the operating system says are a set of ports or a typed error that names where
 * it comes from, in bounded time. Evidence: random and mutated texts, whose answers are compared with those of regular
 * expressions that say the same in another way. All of it runs in a process that is killed when it makes no progress.
 */
import { expect, test } from 'vitest';
import type { FuzzConfig, FuzzReport } from './fuzz.program.ts';
import { seed } from './random.ts';
import { repetitions, soakTimeoutMs } from './scale.ts';
import { reportOf, startWatched } from './watched.ts';

/** Quadratic work on a megabyte takes far longer. */
const PATIENCE_MS = 60_000;

test(
  'every text is ports or a typed error, in bounded time',
  { timeout: soakTimeoutMs(240_000, 1_800_000) },
  async () => {
    const config: FuzzConfig = {
      seed,
      texts: repetitions(10_000, 100_000),
      hugeLength: repetitions(2 ** 18, 2 ** 20),
    };
    const program = new URL('fuzz.program.ts', import.meta.url);
    await using fuzzing = startWatched<FuzzReport>(program, config, { patienceMs: PATIENCE_MS });

    const { failure, accepted, refused, hugeTexts } = reportOf(await fuzzing.ended);

    expect(failure, `seed ${seed}`).toBeUndefined();
    for (const parser of ['parsePortSpec', 'parsePortsFile', 'Linux', 'sysctl', 'netsh', 'netsh excluded']) {
      expect((accepted[parser] ?? 0) + (refused[parser] ?? 0), `answers of ${parser}`).toBeGreaterThanOrEqual(
        config.texts,
      );
      // Neither answer is rare, so that both are tried.
      expect(Math.min(accepted[parser] ?? 0, refused[parser] ?? 0), `answers of ${parser}`).toBeGreaterThan(
        config.texts / 50,
      );
    }
    expect(hugeTexts).toBeGreaterThan(40);
    console.log(JSON.stringify({ seed, accepted, refused, hugeTexts }));
  },
);
