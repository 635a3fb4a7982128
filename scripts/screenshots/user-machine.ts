/**
 * A machine of a user of its own, made of namespaces: nothing of the real one is seen there, neither folders, names and
 * processes nor ports. Its home is empty but for projects in which the packed package is installed.
 */
import path from 'node:path';
import installPackage, { installation, repository } from '../../e2e/support/package.ts';
import { type Program, startProgram } from '../../test/support/program.ts';
import { systemNeeds } from '../system-needs.ts';
import { PROJECTS } from './user-projects.ts';
import type { Commands } from './user-session.program.ts';

const HOME = '/home/me';
const USER_ID = '1000';
const NAMESPACES = ['--user', '--map-root-user', '--mount', '--net', '--pid', '--mount-proc'];

/**
 * The root is another one, of what the real one has: without files that tell where this is, and with one more home.
 * Homes stay where they are, since this checkout and Node may lie in one.
 */
const SET_UP = `
root=/srv
mount -t tmpfs none $root
mkdir -p $root/real $root/srv/tmp $root${HOME}/.local/bin
for entry in /* /home/*; do
  case "$entry" in /home | ${HOME} | /srv | *'*') continue ;; esac
  if test -L "$entry"; then cp -P "$entry" "$root$entry"
  elif test -d "$entry"; then mkdir -p "$root$entry"; mount --rbind "$entry" "$root$entry"
  fi
done
cd $root
pivot_root . real
umount -l /real
rmdir /real

printf 'root:x:0:0::/root:/bin/sh\\nme:x:${USER_ID}:${USER_ID}::${HOME}:/bin/bash\\n' > /srv/passwd
mount --bind /srv/passwd /etc/passwd
touch ${HOME}/.local/bin/node
mount --bind "$NODE" ${HOME}/.local/bin/node
for project in $PROJECTS; do
  modules="${HOME}/$project/node_modules"
  mkdir -p "$modules" "/srv/$project/written" "/srv/$project/work"
  layers="lowerdir=$MODULES,upperdir=/srv/$project/written,workdir=/srv/$project/work"
  mount -t overlay -o "$layers,userxattr" none "$modules"
  rm -r "$modules/node" "$modules/.bin/node"
done
ip link set lo up
exec unshare --user --map-user=${USER_ID} --map-group=${USER_ID} "$0" "$@"
`;

export interface UserMachine extends AsyncDisposable {
  readonly session: Program<Commands>;
}

export function startUserMachine(): UserMachine {
  const { unshare, tmux } = systemNeeds();
  if (unshare === undefined || tmux === undefined)
    throw new Error('This needs unshare and tmux: npm run setup.');
  const uninstall = installPackage();
  const session = startProgram<Commands>(new URL('user-session.program.ts', import.meta.url), {
    config: { home: HOME, tmux },
    env: {
      NODE: process.execPath,
      TMPDIR: '/srv/tmp',
      PROJECTS: [...new Set(Object.keys(PROJECTS).map((file) => path.dirname(file)))].join(' '),
      // What is in both is taken from the first one: of the other, portslice alone.
      MODULES: [repository, installation().dir].map((dir) => path.join(dir, 'node_modules')).join(':'),
    },
    wrapper: [unshare, ...NAMESPACES, '--fork', '--kill-child', 'sh', '-euc', SET_UP],
  });
  const stop = async (): Promise<void> => {
    await session.kill();
    uninstall();
  };
  return { session, [Symbol.asyncDispose]: stop };
}
