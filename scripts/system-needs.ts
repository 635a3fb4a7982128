/**
 * The programs, beside Node, that the tests and the demo start. A test that needs one asks `systemNeeds()` and
 * skips with a reason if it is not there; `npm run setup` installs what is missing.
 */
import { existsSync, globSync } from 'node:fs';
import path from 'node:path';

/** Each program with the Debian package that has it. */
export const debianPackages = {
  chromium: 'chromium',
  'redis-server': 'redis-server',
  nginx: 'nginx-light',
  postgres: 'postgresql',
  initdb: 'postgresql',
  haproxy: 'haproxy',
  uvicorn: 'uvicorn',
  gunicorn: 'gunicorn',
  python3: 'python3',
  ip: 'iproute2',
  ss: 'iproute2',
  unshare: 'util-linux',
  git: 'git',
  cc: 'build-essential',
  wine: 'wine',
  'musl-gcc': 'musl-tools',
} as const;

export type SystemNeed = keyof typeof debianPackages;

/** The absolute path of each program, or undefined for a program that is missing. */
export function systemNeeds(): Record<SystemNeed, string | undefined> {
  return {
    chromium: findProgram('chromium'),
    'redis-server': findProgram('redis-server'),
    nginx: findProgram('nginx'),
    postgres: findProgram('postgres'),
    initdb: findProgram('initdb'),
    haproxy: findProgram('haproxy'),
    uvicorn: findProgram('uvicorn'),
    gunicorn: findProgram('gunicorn'),
    python3: findProgram('python3'),
    ip: findProgram('ip'),
    ss: findProgram('ss'),
    unshare: findProgram('unshare'),
    git: findProgram('git'),
    cc: findProgram('cc'),
    wine: findProgram('wine'),
    'musl-gcc': findProgram('musl-gcc'),
  };
}

export function missingSystemNeeds(): SystemNeed[] {
  const found = systemNeeds();
  return (Object.keys(debianPackages) as SystemNeed[]).filter((need) => found[need] === undefined);
}

function findProgram(name: string): string | undefined {
  // Debian keeps nginx, ip and PostgreSQL where the PATH of an ordinary user does not reach.
  const directories = [
    ...(process.env['PATH'] ?? '').split(path.delimiter),
    '/usr/sbin',
    '/sbin',
    ...globSync('/usr/lib/postgresql/*/bin'),
  ];
  return directories.map((directory) => path.join(directory, name)).find((file) => existsSync(file));
}
