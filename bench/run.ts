/**
 * Measures every part, one after the other, and writes docs/benchmarks.md; or only the parts named, and prints them.
 * Run: npm run bench, or npm run bench:<part>, on a machine that does nothing else.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describeMachine } from './machine.ts';
import { PARTS } from './parts.ts';
import { openProject } from './project.ts';
import { formatBars, formatReport, formatSection, type Section } from './report.ts';

const documentFile = path.resolve(import.meta.dirname, '../docs/benchmarks.md');
const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => !PARTS.has(name));
if (unknown !== undefined)
  throw new Error(`There is no part '${unknown}', only ${[...PARTS.keys()].join(', ')}`);

const machine = describeMachine();
const sections = new Map<string, Section>();
using project = await openProject();
console.log(machine);
for (const [name, measure] of PARTS) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const section = await measure(project);
  sections.set(name, section);
  console.log(`\n${[...formatSection(name, section), formatBars(section.bars)].join('\n\n')}`);
  // Each time, so that little is lost if a later part fails.
  if (wanted.length === 0) writeFileSync(documentFile, formatReport(machine, sections));
}
