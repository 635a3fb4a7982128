/** The address of a server of this machine, as people and programs are given it. */
export function localUrl(port: number): string {
  return `http://localhost:${port}`;
}
