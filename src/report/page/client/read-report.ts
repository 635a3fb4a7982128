/** The report, out of the page. */
import type { PortsReport } from '../../format.ts';

export async function readReport(base64: string): Promise<PortsReport> {
  const stream = new Blob([bytesOf(atob(base64))]).stream().pipeThrough(new DecompressionStream('gzip'));
  return (await new Response(stream).json()) as PortsReport;
}

/** Uint8Array.from() with a function takes ten times as long. */
function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index);
  return bytes;
}
