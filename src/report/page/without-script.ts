/** What the page shows where no script runs: the summary, and the tests that leaked. */
import type { PortsReport, TestReport } from '../format.ts';

/** However many leaked: the rest is in ports.json. */
const MOST_LEAKS = 200;
const MOST_CHARACTERS = 300;
const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** @returns HTML */
export function withoutScript({ runner, summary, tests }: PortsReport): string {
  const leaked = tests.filter(({ ports }) => ports.some(({ state }) => state === 'leaked'));
  const { handedOut, poolPortCount, waits, borrowed, sealed, leaks, servers } = summary;
  return `<main class="without-script">
<h1>Ports report</h1>
<p>The timeline, the map and the table need JavaScript. <code>ports.json</code> beside this file has all of it.</p>
<dl>
<dt>Runner</dt><dd>${escapeHtml(`${runner.name} ${runner.version}`)}</dd>
<dt>Ports in the pool</dt><dd>${poolPortCount}</dd>
<dt>Ports handed out</dt><dd>${handedOut}</dd>
<dt>Most in use at once</dt><dd>${summary.peak?.portCount ?? 0}</dd>
<dt>Waits</dt><dd>${waits.count}, the longest ${Math.round(waits.longestMs)} ms</dd>
<dt>Borrowed</dt><dd>${borrowed}</dd>
<dt>Sealed</dt><dd>${sealed}</dd>
<dt>Leaks</dt><dd>${leaks}</dd>
<dt>Servers</dt><dd>${servers.count}, ${servers.failed} failed</dd>
</dl>
<h2>Tests that leaked</h2>
${leaked.length === 0 ? '<p>None.</p>' : `<ul>\n${leaked.slice(0, MOST_LEAKS).map(leakItem).join('\n')}\n</ul>`}
${leaked.length > MOST_LEAKS ? `<p>And ${leaked.length - MOST_LEAKS} more.</p>` : ''}
</main>`;
}

function leakItem({ titles, file, line, ports }: TestReport): string {
  const leaks = ports.filter(({ state }) => state === 'leaked');
  const listeners = leaks.map(({ port, leakedBy }) => {
    const names = leakedBy.map(
      ({ processId, command }) => `${command ?? 'unknown'} (pid ${processId ?? '?'})`,
    );
    return names.length === 0 ? `port ${port}` : `port ${port} by ${names.join(', ')}`;
  });
  const place = line === undefined ? file : `${file}:${line}`;
  return `<li><bdi>${shown(titles.join(' > '))}</bdi>, <bdi>${shown(place)}</bdi>: <bdi>${shown(listeners.join('; '))}</bdi></li>`;
}

function shown(text: string): string {
  const cut = text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}...` : text;
  return escapeHtml(cut);
}

/** Control characters, which HTML forbids, show as a replacement character. */
function escapeHtml(text: string): string {
  return text
    .replaceAll(/\p{Cc}/gu, '\uFFFD')
    .replaceAll(/[&<>"']/g, (character) => ENTITIES[character] as string);
}
