/**
 * Installs the programs that the tests need, from Debian's packages, if they are missing and we are allowed to.
 * In CI a missing program is a failure; elsewhere it is a notice, and the tests that need the program skip.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { isArm64Prepared, prepareArm64 } from './arm64.ts';
import { debianPackages, missingSystemNeeds, systemNeeds } from './system-needs.ts';
import { isWinePrepared, prepareWine } from './wine.ts';

/**
 * Debian starts a service when it installs it, and at every boot. The tests start their own servers, so the
 * policy file forbids the first, for as long as apt runs, and `systemctl disable` the second.
 */
const installScript = `
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\\nexit 101\\n' > "$policy"
  chmod 755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
install() { apt-get install --yes --quiet --no-install-recommends "$@"; }
install "$@" || { apt-get update --quiet && install "$@"; } || exit 1
for package in "$@"; do
  case "$package" in redis-server|nginx-light|postgresql|haproxy) systemctl disable --quiet "\${package%-light}" || true ;; esac
done
`;

const missing = missingSystemNeeds();
if (missing.length > 0) {
  const packages = [...new Set(missing.map((need) => debianPackages[need]))];
  installFromDebian(packages);
  report();
}
prepareWindows();
prepareEmulation();

/** For the tests of the Windows kernel. */
function prepareWindows(): void {
  const { wine } = systemNeeds();
  if (wine === undefined || isWinePrepared()) return;
  console.log('Fetching Node for Windows, and starting Wine for the first time');
  try {
    prepareWine(wine);
  } catch (error) {
    fail(`Node for Windows could not be prepared (${(error as Error).message}).`);
  }
}

/** For the tests of the kernel's calls on arm64. */
function prepareEmulation(): void {
  if (systemNeeds()['qemu-aarch64-static'] === undefined || isArm64Prepared()) return;
  console.log('Fetching Node for arm64');
  try {
    prepareArm64();
  } catch (error) {
    fail(`Node for arm64 could not be prepared (${(error as Error).message}).`);
  }
}

function installFromDebian(packages: readonly string[]): void {
  if (!existsSync('/etc/debian_version')) return;
  const isRoot = process.getuid?.() === 0;
  if (!isRoot && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status !== 0) return;
  console.log(`Installing from Debian's packages: ${packages.join(' ')}`);
  const command = ['sh', '-c', installScript, 'install', ...packages];
  spawnSync(isRoot ? 'sh' : 'sudo', isRoot ? command.slice(1) : ['-n', ...command], { stdio: 'inherit' });
}

function report(): void {
  const stillMissing = missingSystemNeeds();
  if (stillMissing.length === 0) return;
  const packages = [...new Set(stillMissing.map((need) => debianPackages[need]))];
  fail(
    `Missing programs: ${stillMissing.join(', ')}. ` +
      `Install them with 'sudo apt-get install ${packages.join(' ')}' or your system's equivalent.`,
  );
}

function fail(problem: string): void {
  const isFailure = (process.env['CI'] ?? '') !== '';
  console.error(
    `${problem} ${isFailure ? 'In CI that is required.' : 'The tests that need it will be skipped.'}`,
  );
  if (isFailure) process.exitCode = 1;
}
