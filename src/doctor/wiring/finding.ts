/** What a look at the wiring of a project is, and what comes of it. */
import type { Project } from './project.ts';

/** Each is a file in checks/. They read files and ask the system, and execute nothing of the project's. */
export interface WiringCheck {
  /** Names it in reports: short, and always the same. */
  readonly name: string;
  /** Undefined: the project has nothing of that kind. */
  readonly look: (project: Project) => Finding | undefined | Promise<Finding | undefined>;
}

export type WiringResult = Pick<WiringCheck, 'name'> & Finding;

/** `failed`: tests with ports cannot work. `warning`: they work worse than they could, or it cannot be told. */
export type Finding =
  | { readonly outcome: 'ok'; readonly finding: string }
  | { readonly outcome: 'warning' | 'failed'; readonly finding: string; readonly advice: string };

/** @param finding a sentence without its full stop */
export function ok(finding: string): Finding {
  return { outcome: 'ok', finding };
}

/** @param advice what to do, as a sentence */
export function warning(finding: string, advice: string): Finding {
  return { outcome: 'warning', finding, advice };
}

export function failed(finding: string, advice: string): Finding {
  return { outcome: 'failed', finding, advice };
}
