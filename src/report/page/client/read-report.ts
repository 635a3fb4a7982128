/** The report, out of the page. */
import type { PortsReport } from '../../format.ts';

export async function readReport(base64: string): Promise<PortsReport> {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return (await new Response(stream).json()) as PortsReport;
}
