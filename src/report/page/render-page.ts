/**
 * The page of a report, `ports-report/index.html`: one file that asks for nothing else. It is static; the script in it shows the
 * report, which lies compressed beside it, and is the only thing that its Content Security Policy lets run.
 */
import type { PortsReport } from '../format.ts';
import { pageScript, pageStyle } from './client-code.ts';
import { withoutScript } from './without-script.ts';

/** @returns HTML. 20,000 tests take about 1 MB. */
export function renderPage(report: PortsReport): string {
  const [script, style] = [pageScript(), pageStyle()];
  const policy = [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
    // An empty icon, so that no browser asks a server for one.
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy.join('; ')}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>Ports report</title>
<style>${style}</style>
</head>
<body>
<div id="page"></div>
<noscript>${withoutScript(report)}</noscript>
<script type="text/plain" id="report">${pack(report)}</script>
<script>${script}</script>
</body>
</html>
`;
}

/** In letters, digits, + and / only: whatever the labels of tests are, none of it is HTML. */
function pack(report: PortsReport): string {
  return process.getBuiltinModule('node:zlib').gzipSync(JSON.stringify(report)).toString('base64');
}

function hashOf(text: string): string {
  return `sha256-${process.getBuiltinModule('node:crypto').createHash('sha256').update(text).digest('base64')}`;
}
