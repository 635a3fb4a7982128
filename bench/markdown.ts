/** The report in Markdown. Pure: what is measured comes in, text goes out. */
import { formatMachine, type Machine } from './machine.ts';
import type { Requirement, Section, Table } from './section.ts';

export function formatTable({ header, rows }: Table): string {
  const lines = [header, header.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.map(escapeCell).join(' | ')} |`).join('\n');
}

/** In paragraphs. */
export function formatSection({ method, command, tables }: Section): string[] {
  return [method, `Command: \`${command}\``, ...tables.map(formatTable)];
}

/** The requirements of all sections in one table. */
export function formatRequirements(sections: readonly Section[]): string {
  return formatTable({
    header: ['what', 'wanted', 'measured', 'met'],
    rows: sections.flatMap(({ requirements }) => requirements.map(toRow)),
  });
}

function toRow({ what, wanted, measured, isMet }: Requirement): string[] {
  return [what, wanted, measured, isMet ? 'yes' : '**no**'];
}

/** The whole document. @param chartFolder relative to it */
export function formatReport(machine: Machine, sections: readonly Section[], chartFolder: string): string {
  return `${[
    '# Benchmarks',
    'Written by `npm run bench`, which measures everything anew. Each part has a command of its own.',
    formatMachine(machine),
    '## What was asked for',
    formatRequirements(sections),
    ...sections.flatMap((section) => [
      `## ${section.title}`,
      ...formatSection(section),
      ...section.charts.map(({ name, title }) => `![${title}](${chartFolder}/${name}.svg)`),
    ]),
  ].join('\n\n')}\n`;
}

function escapeCell(text: string): string {
  return text.replaceAll('|', String.raw`\|`).replaceAll('\n', ' ');
}
