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
  nft: 'nftables',
  iptables: 'iptables',
  git: 'git',
  tmux: 'tmux',
  cc: 'build-essential',
  wine: 'wine',
  'musl-gcc': 'musl-tools',
  'qemu-aarch64-static': 'qemu-user-static',
  'libstdc++ for arm64': 'libstdc++6-arm64-cross',
  'libatomic for arm64': 'libatomic1-arm64-cross',
} as const;

export type SystemNeed = keyof typeof debianPackages;

/** With which programs for arm64 run on other processors. */
const ARM64_NEEDS: readonly SystemNeed[] = [
  'qemu-aarch64-static',
  'libstdc++ for arm64',
  'libatomic for arm64',
];
/** Where Debian's cross packages put their libraries; QEMU looks there for all of a program's. */
export const arm64Libraries = '/usr/aarch64-linux-gnu';

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
    nft: findProgram('nft'),
    iptables: findProgram('iptables'),
    git: findProgram('git'),
    tmux: findProgram('tmux'),
    cc: findProgram('cc'),
    wine: findProgram('wine'),
    'musl-gcc': findProgram('musl-gcc'),
    'qemu-aarch64-static': findProgram('qemu-aarch64-static'),
    'libstdc++ for arm64': findArm64Library('libstdc++.so.6'),
    'libatomic for arm64': findArm64Library('libatomic.so.1'),
  };
}

export function missingSystemNeeds(): SystemNeed[] {
  const found = systemNeeds();
  return (Object.keys(debianPackages) as SystemNeed[])
    .filter((need) => found[need] === undefined)
    .filter((need) => process.arch !== 'arm64' || !ARM64_NEEDS.includes(need));
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

function findArm64Library(name: string): string | undefined {
  const file = path.join(arm64Libraries, 'lib', name);
  return existsSync(file) ? file : undefined;
}
