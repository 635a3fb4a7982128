/** The documents name what there is: codes, variables, packages, versions, scripts and files. */
import { execFile } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { systemNeeds } from '../scripts/system-needs.ts';
import { NAMESPACES } from '../src/platform/trace.ts';
import { cleanEnvironment } from './support/environment.ts';

const root = path.resolve(import.meta.dirname, '..');
const documents = globSync(['*.md', 'docs/**/*.md', 'notes/**/*.md'], { cwd: root });
const manifest = JSON.parse(read('package.json')) as {
  engines: Record<string, string>;
  scripts: Record<string, string>;
  dependencies: Record<string, string>;
  optionalDependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
};

/** A path in code, perhaps after the program that runs it. */
const OUR_FILE = /`(?:node )?((?:src|test|e2e|bench|scripts|examples|docs|notes)\/[\w./-]*)`/g;
const QUOTED_NAME = /'((?:PORTSLICE|PYSYS)_[A-Z0-9_]+)'/g;
const codes = [...namesIn('src/errors/base.ts'), ...namesIn('src/pool/session/warnings.ts')].toSorted();

describe('The documents', () => {
  test('have an entry for each error and warning code', () => {
    const entries = [...read('docs/errors.md').matchAll(/^### (PORTSLICE_\w+)$/gm)].map(
      ([, code]) => code as string,
    );
    expect(entries.toSorted()).toEqual(codes);
  });

  test('say what happened, why, and what to do', () => {
    const entries = read('docs/errors.md').split(/^### /m).slice(1);
    const incomplete = entries.filter((entry) =>
      ['**What happened.**', '**Why.**', '**What to do.**'].some((part) => !entry.includes(part)),
    );
    expect(incomplete).toEqual([]);
  });

  test('list each code in the table of troubleshooting', () => {
    const rows = firstCells(read('docs/troubleshooting.md'));
    expect(namedIn(rows)).toEqual(codes);
  });

  test('name the class of each error there', () => {
    const sources = globSync('src/errors/*.ts', { cwd: root }).map(read).join('\n');
    const classes = [...sources.matchAll(/static override readonly name: string = '(\w+)'/g)].map(
      ([, name]) => name as string,
    );
    const named = [...read('docs/troubleshooting.md').matchAll(/^\| `PORTSLICE_.*?\| (`\w+Error`.*?) \|/gm)];
    const names = named.flatMap(([, cell = '']) => cell.replaceAll('`', '').split(', '));
    expect(names.toSorted()).toEqual(classes.filter((name) => name !== 'PortsliceError').toSorted());
  });

  test('list each environment variable', () => {
    const variables = [
      ...namesIn('src/pool/session/server-ports.ts'),
      ...namesIn('src/platform/environment.ts'),
    ];
    const rows = firstCells(section('docs/options.md', 'Environment variables'));
    expect(namedIn(rows)).toEqual(variables.filter((name) => !codes.includes(name)).toSorted());
  });

  test('list each namespace of the trace', () => {
    const rows = firstCells(section('docs/troubleshooting.md', 'Watch what happens'));
    const listed = [...rows.matchAll(/`portslice:([a-z-]+)`/g)].map(([, name]) => name as string);
    expect(listed.toSorted()).toEqual(NAMESPACES.toSorted());
  });

  test('list each dependency of the package', () => {
    const { dependencies, optionalDependencies, peerDependencies } = manifest;
    const packages = Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies });
    const rows = firstCells(read('docs/dependencies.md'));
    expect([...rows.matchAll(/`([^`]+)`/g)].map(([, name]) => name as string).toSorted()).toEqual(
      packages.toSorted(),
    );
  });

  test('have a README that is read in a few minutes', () => {
    expect(read('README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(250);
  });

  test('state the versions that the package asks for', () => {
    const rows = section('README.md', 'Install').split('\n');
    for (const range of [manifest.engines['node'], ...Object.values(manifest.peerDependencies)])
      expect(rows.filter((row) => row.includes(`\`${range}\` |`))).toHaveLength(1);
  });

  test.for(documents)('name scripts and files that exist: %s', (name) => {
    const text = read(name);
    const scripts = [...text.matchAll(/npm run ([\w:-]+)/g)].map(([, script]) => script as string);
    expect(scripts.filter((script) => !(script in manifest.scripts))).toEqual([]);
    const links = [...text.matchAll(/\]\((?!https?:)([^)]+)\)/g)].map(([, link]) => link as string);
    expect(links.filter((link) => !leadsSomewhere(link, name))).toEqual([]);
    const files = [...text.matchAll(OUR_FILE)].map(([, file]) => file as string);
    expect(files.filter((file) => !existsSync(path.join(root, file)))).toEqual([]);
  });

  test('show each picture that there is, light and dark', () => {
    const named = documents.flatMap((name) =>
      [...read(name).matchAll(/<(?:source|img) [^>]*(?:srcset|src)="([^"]+)"/g)].map(([, file]) =>
        path.join(path.dirname(name), file as string),
      ),
    );
    expect(named.toSorted()).toEqual(globSync('docs/images/*', { cwd: root }).toSorted());
  });

  test('lead from the README to each page of docs/', () => {
    const readme = read('README.md');
    const pages = globSync('docs/*.md', { cwd: root });
    expect(pages.filter((page) => !readme.includes(`](${page}`))).toEqual([]);
  });

  test.for(globSync('notes/evidence/*.ts', { cwd: root }))(
    'have evidence that holds: %s',
    async (program) => {
      const { stdout } = await run(process.execPath, [program]);
      expect(stdout).toMatch(/^yes: /);
    },
  );

  test("have evidence that a thread's number used again deceives nobody", async ({ skip }) => {
    const [wrapper, ...options] = await processNamespace();
    skip(wrapper === undefined, 'unshare is missing or not allowed');
    const program = 'notes/evidence/thread-owner.ts';
    const { stdout } = await run(wrapper as string, [...options, process.execPath, program, '--reuse']);
    expect(stdout).toContain('yes: and the owner is 0 all the same');
  });
});

function run(program: string, args: readonly string[]): Promise<{ stdout: string }> {
  return promisify(execFile)(program, args, { cwd: root, env: cleanEnvironment() });
}

/** The command that starts a program in a process namespace of its own. Empty where that does not work, but not in CI. */
async function processNamespace(): Promise<string[]> {
  const { unshare } = systemNeeds();
  const isRoot = process.getuid?.() === 0;
  const command = [
    unshare ?? 'unshare',
    '--pid',
    '--fork',
    '--mount-proc',
    ...(isRoot ? [] : ['--map-root-user']),
  ];
  try {
    await run(command[0] as string, [...command.slice(1), 'true']);
    return command;
  } catch (error) {
    if (process.env['CI'] !== undefined) throw error;
    return [];
  }
}

function read(file: string): string {
  return readFileSync(path.join(root, file), 'utf8');
}

/** To a file, and there to a heading, if the link names one. */
function leadsSomewhere(link: string, from: string): boolean {
  const [file, anchor] = link.split('#') as [string, string?];
  const target = file === '' ? from : path.join(path.dirname(from), file);
  if (!existsSync(path.join(root, target))) return false;
  return anchor === undefined || anchorsOf(read(target)).includes(anchor);
}

/** As GitHub and npm make them. */
function anchorsOf(markdown: string): string[] {
  const titles = [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, title]) => title as string);
  return titles.map((title) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Each once. */
function namesIn(file: string): string[] {
  return [...new Set([...read(file).matchAll(QUOTED_NAME)].map(([, name]) => name as string))];
}

function namedIn(text: string): string[] {
  return [...text.matchAll(/`((?:PORTSLICE|PYSYS)_[A-Z0-9_]+)`/g)]
    .map(([, name]) => name as string)
    .toSorted();
}

/** From the heading, of any level, to the next one. */
function section(file: string, title: string): string {
  const [, rest = ''] = read(file).split(new RegExp(`^#+ ${title}$`, 'm'));
  return rest.split(/^#+ /m)[0] as string;
}

function firstCells(text: string): string {
  const rows = text.split('\n').filter((line) => line.startsWith('| `'));
  return rows.map((row) => row.split('|')[1]).join('\n');
}
