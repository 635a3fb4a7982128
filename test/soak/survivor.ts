/** A survivor: a worker that uses a pool in every way while its segment is damaged, and watches its own files. */
import { startWatched, type Watched } from './watched.ts';

export interface SurvivorConfig {
  readonly name: string;
  readonly logFile: string;
  /** Where it may put its files. */
  readonly folder: string;
  readonly operations: number;
  readonly seed: number;
}

export interface SurvivorReport {
  readonly claims: number;
  /** Fresh mappings of the segment that were accepted. */
  readonly attachments: number;
  readonly seals: number;
  /** How often each typed error came. */
  readonly typedErrors: Readonly<Record<string, number>>;
  /** Everything else that was thrown. */
  readonly otherErrors: readonly string[];
  /** Ports that it owned and whose lock was free. */
  readonly unlockedPorts: readonly number[];
  /** Its own files that somebody has closed or exchanged. */
  readonly lostFiles: readonly string[];
  readonly checkedFiles: number;
  readonly descriptorsBefore: number;
  readonly descriptorsAfter: number;
}

export function startSurvivor(
  config: SurvivorConfig,
  env: Readonly<Record<string, string>>,
): Watched<SurvivorReport> {
  return startWatched<SurvivorReport>(new URL('survivor.program.ts', import.meta.url), config, { env });
}
