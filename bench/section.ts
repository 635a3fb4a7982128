/** What one part of the benchmark hands to the report: types only. */

export interface Table {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Horizontal bars, in the order given. */
export interface Chart {
  /** Of the SVG file, without extension. */
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly logarithmic?: boolean;
  readonly bars: readonly { readonly label: string; readonly value: number; readonly isOurs: boolean }[];
}

/** One bar of the issue: what was asked for and what was measured. */
export interface Requirement {
  readonly what: string;
  readonly wanted: string;
  readonly measured: string;
  readonly isMet: boolean;
}

export interface Section {
  readonly title: string;
  /** What was done, how often, and how to read it: one paragraph of Markdown. */
  readonly method: string;
  /** The npm command that measures this section alone. */
  readonly command: string;
  readonly tables: readonly Table[];
  readonly charts: readonly Chart[];
  readonly requirements: readonly Requirement[];
}
