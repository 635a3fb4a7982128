/** Whether a server says that its port is in use. */

/** In the words of Node, Python, Java, nginx, Go, PHP, Vite, Docker, Windows and others. */
const IN_USE =
  /EADDRINUSE|address (?:is )?(?:already )?in use|port (?:\d+ )?(?:is )?(?:already )?(?:in use|allocated)|errno:? ?98\b|only one usage of each socket address/i;
/** ':3000', 'port 3000', "('127.0.0.1', 3000)". */
const NAMED_PORT = /(?::|\bport:? |, )(\d{2,5})\b/gi;

/**
 * @param ports of the server
 * @returns that of which the text says so, or the first if no line names any; undefined if it says so of other ports, such as
 *   that of a debugger, or of none
 */
export function findPortInUse(text: string, ports: readonly number[]): number | undefined {
  const named = linesOfUse(text).map((line) =>
    [...line.matchAll(NAMED_PORT)].map(([, port]) => Number(port)),
  );
  if (named.length === 0) return undefined;
  const own = findNamedPortInUse(text, ports);
  return own ?? (named.flat().length === 0 ? ports[0] : undefined);
}

/** As `findPortInUse`, but only if it is named: then it is certain before the server ends. */
export function findNamedPortInUse(text: string, ports: readonly number[]): number | undefined {
  const lines = linesOfUse(text);
  return ports.find((port) => lines.some((line) => new RegExp(`\\b${port}\\b`).test(line)));
}

function linesOfUse(text: string): string[] {
  return text.split('\n').filter((line) => IN_USE.test(line));
}
