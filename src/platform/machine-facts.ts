/** What somebody elsewhere has to know of this machine to understand a report of it. Nothing of it decides anything. */
import { readVariable } from './environment.ts';
import { fileSystem } from './file-system.ts';
import { runsOnMusl } from './linux/program-interpreter.ts';
import { ofThisPlatform } from './platform.ts';

/** Each in words; undefined: not known, or there is none. */
export interface MachineFacts {
  /** With the release of its kernel. */
  readonly system: string;
  readonly processor: string;
  readonly runtime: string;
  readonly cLibrary: string | undefined;
  /** What hints at a container, or at a system inside of another one. */
  readonly container: string | undefined;
  /** Whether it is the superuser; undefined where there is none. */
  readonly isRoot: boolean | undefined;
  /** The addresses of the loopback interface. */
  readonly loopback: readonly string[];
}

export function readMachineFacts(): MachineFacts {
  const { release, version } = process.getBuiltinModule('node:os');
  const { systemName, cLibrary } = ofThisPlatform(SYSTEMS, unknown);
  return {
    system: `${systemName} ${release()} (${version()})`,
    processor: `${process.arch}, ${usableProcessors()} usable`,
    runtime: describeRuntime(),
    cLibrary: cLibrary(),
    container: describeContainer(),
    isRoot: process.getuid === undefined ? undefined : process.getuid() === 0,
    loopback: readLoopback(),
  };
}

/** As many workers runners start by themselves at most. */
export function usableProcessors(): number {
  return process.getBuiltinModule('node:os').availableParallelism();
}

/** The addresses of the loopback interface. */
export function readLoopback(): string[] {
  const { networkInterfaces } = process.getBuiltinModule('node:os');
  const interfaces = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
  return interfaces.filter(({ internal }) => internal).map(({ address }) => address);
}

/** What hints at a container, or at a system inside of another one; undefined: nothing. */
export function describeContainer(): string | undefined {
  const { containerHints } = ofThisPlatform(SYSTEMS, unknown);
  const hints = [...VARIABLES.filter(([name]) => readVariable(name) !== undefined), ...containerHints()];
  return hints.length === 0 ? undefined : hints.map(([from, meaning]) => `${meaning} (${from})`).join(', ');
}

/** How many files a process may have open, which Node itself raises as far as it may; undefined: not told, or there is no limit of that kind. */
export function openFileLimit(): number | undefined {
  const limit = readReport()?.userLimits?.open_files?.soft;
  return limit === 'unlimited' ? Infinity : limit;
}

type Hint = readonly [from: string, meaning: string];

/** By which containers and emulators tell the programs in them. */
const VARIABLES: readonly Hint[] = [
  ['KUBERNETES_SERVICE_HOST', 'Kubernetes'],
  ['WSL_DISTRO_NAME', 'WSL'],
  ['WINEPREFIX', 'Wine'],
];

interface SystemFacts {
  readonly systemName: string;
  readonly cLibrary: () => string | undefined;
  readonly containerHints: () => readonly Hint[];
}

const SYSTEMS: Readonly<Partial<Record<NodeJS.Platform, SystemFacts>>> = {
  linux: { systemName: 'Linux', cLibrary: findCLibrary, containerHints: findContainerHints },
  darwin: { systemName: 'macOS', cLibrary: () => undefined, containerHints: () => [] },
  win32: { systemName: 'Windows', cLibrary: () => undefined, containerHints: () => [] },
};
const unknown = (systemName: string): SystemFacts => ({
  systemName,
  cLibrary: () => undefined,
  containerHints: () => [],
});

/** Bun and Deno say a version of Node too. */
function describeRuntime(): string {
  const { bun, deno, node } = process.versions;
  const host = bun === undefined ? deno && `Deno ${deno}` : `Bun ${bun}`;
  return host === undefined ? `Node ${node}` : `${host}, as Node ${node}`;
}

interface Report {
  readonly header?: { readonly glibcVersionRuntime?: string };
  readonly userLimits?: { readonly open_files?: { readonly soft: number | 'unlimited' } };
}

/** Bun and Deno have none. */
function readReport(): Report | undefined {
  const report = process.report as (NodeJS.ProcessReport & { excludeNetwork?: boolean }) | undefined;
  if (report === undefined) return undefined;
  // It would look up the names of all addresses.
  report.excludeNetwork = true;
  return report.getReport();
}

function findCLibrary(): string | undefined {
  if (runsOnMusl()) return 'musl';
  const header = readReport()?.header;
  return header?.glibcVersionRuntime === undefined ? undefined : `glibc ${header.glibcVersionRuntime}`;
}

const FILES: readonly Hint[] = [
  ['/.dockerenv', 'Docker'],
  ['/run/.containerenv', 'Podman'],
];
const TEXTS: readonly (readonly [file: string, pattern: RegExp])[] = [
  ['/proc/1/cgroup', /docker|kubepods|containerd|lxc|libpod/i],
  ['/proc/version', /gvisor|microsoft/i],
];

function findContainerHints(): readonly Hint[] {
  const files = FILES.filter(([file]) => fileSystem().existsSync(file));
  const texts = TEXTS.flatMap(([file, pattern]) => {
    const [found] = pattern.exec(readIfPossible(file)) ?? [];
    return found === undefined ? [] : [[file, found] as const];
  });
  return [...files, ...texts];
}

function readIfPossible(file: string): string {
  try {
    return fileSystem().readFileSync(file, 'latin1');
  } catch {
    // Then it is no hint.
    return '';
  }
}
