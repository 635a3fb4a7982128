/**
 * The whole benchmark: measures every part, one after the other, and writes docs/benchmarks.md with its charts.
 * Run: npm run bench, on a machine that does nothing else.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { measureClaims } from './claims.ts';
import { measureFirstPort } from './first-port.ts';
import { measureFlat } from './flat.ts';
import { measureGlobalSetup } from './global-setup.ts';
import { measureImports } from './imports.ts';
import { readMachine } from './machine.ts';
import { formatReport, formatRequirements } from './markdown.ts';
import { measureMemory } from './memory.ts';
import { nodeVersions } from './node-versions.ts';
import { measureRunners } from './runners.ts';
import type { Section } from './section.ts';
import { measureStorm } from './storm.ts';
import { drawChart } from './svg-chart.ts';

const documentFile = path.resolve(import.meta.dirname, '../docs/benchmarks.md');
const chartFolder = 'benchmarks';
const parts: readonly (() => Promise<Section>)[] = [
  measureClaims,
  measureFlat,
  measureMemory,
  measureFirstPort,
  measureGlobalSetup,
  measureImports,
  measureRunners,
  measureStorm,
];

const nodes = await nodeVersions();
const machine = readMachine(nodes.map(({ version }) => version));
const sections: Section[] = [];
for (const measure of parts) {
  const startMs = performance.now();
  const section = await measure();
  sections.push(section);
  const seconds = ((performance.now() - startMs) / 1000).toFixed(0);
  console.log(`${section.title} (${seconds} s)\n\n${formatRequirements([section])}\n`);
  // Each time, so that little is lost if a later part fails.
  writeReport();
}

function writeReport(): void {
  const charts = path.join(path.dirname(documentFile), chartFolder);
  rmSync(charts, { recursive: true, force: true });
  mkdirSync(charts, { recursive: true });
  for (const chart of sections.flatMap((section) => section.charts))
    writeFileSync(path.join(charts, `${chart.name}.svg`), drawChart(chart));
  writeFileSync(documentFile, formatReport(machine, sections, chartFolder));
  const missed = sections.flatMap(({ requirements }) => requirements).filter(({ isMet }) => !isMet);
  console.log(
    `Written to ${path.relative(process.cwd(), documentFile)}. ${missed.length} requirements are not met.`,
  );
}
