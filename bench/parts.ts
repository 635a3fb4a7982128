/** The parts of the benchmark, by the names of their commands. */
import { measureCycles } from './cycles.ts';
import { measureFlat } from './flat.ts';
import { measurePage } from './page.ts';
import { measureProcesses } from './processes.ts';
import type { Project } from './project.ts';
import { measureReadiness } from './readiness.ts';
import type { Section } from './report.ts';
import { measureReports } from './reports.ts';
import { measureRunners } from './runners.ts';
import { measureRunsAtOnce } from './runs-at-once.ts';
import { measureStorm } from './storm.ts';

export const PARTS: ReadonlyMap<string, (project: Project) => Promise<Section>> = new Map([
  ['processes', measureProcesses],
  ['runners', measureRunners],
  ['claims', measureCycles],
  ['flat', measureFlat],
  ['runs-at-once', measureRunsAtOnce],
  ['storm', measureStorm],
  ['readiness', measureReadiness],
  ['reports', measureReports],
  ['page', measurePage],
]);
