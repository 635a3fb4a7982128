/** What the README's commands do where the Node of our scripts does not start: the script itself, with programs in the place of Debian's. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const SCRIPT = path.resolve(import.meta.dirname, '../scripts/start-node.sh');
const LACKS_LIBRARY = 'node: error while loading shared libraries: libatomic.so.1';
/** Starts as soon as the library is there. */
const NODE = `[ -e "$FOLDER/library" ] || { echo '${LACKS_LIBRARY}' >&2; exit 127; }`;
const INSTALL = 'install --yes --quiet --no-install-recommends libatomic1';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'portslice-start-node-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** @param programs what they do, in the shell's language. Each notes how it was called */
function start(programs: Readonly<Record<string, string>>): { status: number | null; stderr: string } {
  for (const [name, script] of Object.entries({ node: NODE, ...programs })) {
    const note = `echo ${name} "$@" >> "$FOLDER/calls"`;
    writeFileSync(path.join(folder, name), `#!/bin/sh\n${note}\n${script}\n`, { mode: 0o755 });
  }
  const { status, stderr } = spawnSync('/bin/sh', [SCRIPT], {
    env: { PATH: folder, FOLDER: folder },
    encoding: 'utf8',
  });
  return { status, stderr };
}

function callsOf(program: string): string[] {
  return readFileSync(path.join(folder, 'calls'), 'utf8')
    .split('\n')
    .flatMap((line) => (line.startsWith(`${program} `) ? line.slice(program.length + 1) : []));
}

const ENV = 'shift; "$@"';
const APT = 'case "$*" in install*) : > "$FOLDER/library";; esac';

test('root gets the library from Debian', () => {
  expect(start({ id: 'echo 0', env: ENV, 'apt-get': APT })).toEqual({ status: 0, stderr: '' });
  expect(callsOf('apt-get')).toEqual([INSTALL]);
});

test('the list of packages is fetched where it is not there yet', () => {
  const apt = `case "$*" in update*) : > "$FOLDER/list";; *) [ -e "$FOLDER/list" ] && ${APT};; esac`;
  expect(start({ id: 'echo 0', env: ENV, 'apt-get': apt }).status).toBe(0);
  expect(callsOf('apt-get')).toEqual([INSTALL, 'update --quiet', INSTALL]);
});

test('others get it by sudo, if that asks for no password', () => {
  const sudo = 'shift; "$@"';
  expect(start({ id: 'echo 1000', env: ENV, sudo, 'apt-get': APT }).status).toBe(0);
  expect(callsOf('sudo')).toEqual([`-n env DEBIAN_FRONTEND=noninteractive apt-get ${INSTALL}`]);
});

test.each([
  ['there is no apt-get', {}],
  ['nobody may install', { id: 'echo 1000', sudo: 'exit 1', 'apt-get': 'exit 100' }],
])('the command fails where %s, and says what to install', (_, programs) => {
  const { status, stderr } = start(programs);
  expect(status).toBe(1);
  expect(stderr).toContain(LACKS_LIBRARY);
  expect(stderr).toContain("Install what it lacks: 'apt-get install libatomic1' on Debian");
});
