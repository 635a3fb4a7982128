/** The lines of the trace in what a process has written to stderr. */

const LINE = /^(?:\S+Z )?portslice:(?<namespace>[a-z-]+) \[(?<who>[\d/]+)\] (?<text>.*)$/;

export interface TracedLine {
  readonly namespace: string;
  /** `4711` is a process, `4711/2` one of its threads. */
  readonly who: string;
  /** Times are N ms. */
  readonly text: string;
}

/** @throws if there is anything else */
export function traceLines(stderr: string): TracedLine[] {
  return stderr
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const found = LINE.exec(line)?.groups;
      if (found === undefined) throw new Error(`'${line}' is no line of the trace:\n${stderr}`);
      const { namespace = '', who = '', text = '' } = found;
      return { namespace, who, text: text.replaceAll(/\b[\d.]+ ms\b/g, 'N ms') };
    });
}

/** Of one namespace, in their order. */
export function textsOf(namespace: string, stderr: string): string[] {
  return traceLines(stderr)
    .filter((line) => line.namespace === namespace)
    .map(({ text }) => text);
}
