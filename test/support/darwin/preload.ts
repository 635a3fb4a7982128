/**
 * Loaded before everything else (`--import`), in every process and thread of a test on the Darwin stand-in: the process says to be
 * on macOS, and koffi's addon for macOS is the one of this system, whose functions are those of the stand-in. So the product
 * runs as it is.
 */
import { ChildProcess } from 'node:child_process';
import Module, { createRequire } from 'node:module';
import { libraryOfStandIn, variablesOfThisMachine } from './machine-variables.ts';

interface Addon {
  load(path: string | null): { func(prototype: string): unknown };
}
type Resolve = (request: string, ...rest: unknown[]) => string;
type Open = (module: { exports: unknown }, file: string, ...rest: unknown[]) => void;

/** The real one. */
const system = process.platform;
const target = `${system}-${process.arch}`;
const addonName = `@koromix/koffi-${target}/${target.replace('-', '_')}/koffi.node`;
const addonFile = createRequire(import.meta.url).resolve(addonName);
const DARWIN_ADDON = /^@koromix\/koffi-darwin-/;
const MARK = '#darwin';

const modules = Module as unknown as { _resolveFilename: Resolve };
const resolve = modules._resolveFilename.bind(Module);
modules._resolveFilename = (request, ...rest) => {
  if (!DARWIN_ADDON.test(request)) return resolve(request, ...rest);
  const isAddon = request.endsWith('.node');
  return isAddon
    ? addonFile + MARK
    : resolve(request.replace(DARWIN_ADDON, `@koromix/koffi-${system}-`), ...rest);
};

const open = process.dlopen.bind(process) as Open;
process.dlopen = (module: { exports: unknown }, file: string, ...rest: unknown[]): void => {
  const isOfDarwin = file.endsWith(MARK);
  open(module, isOfDarwin ? file.slice(0, -MARK.length) : file, ...rest);
  if (isOfDarwin) module.exports = onStandIn(module.exports as Addon);
};

/** Every function has its name with darwin_ before it. */
function onStandIn(addon: Addon): Addon {
  const load: Addon['load'] = () => {
    const library = addon.load(libraryOfStandIn());
    return { func: (prototype) => library.func(prototype.replace(/(\w+)\(/, 'darwin_$1(')) };
  };
  return { ...addon, load };
}

Object.defineProperty(process, 'platform', {
  ...Object.getOwnPropertyDescriptor(process, 'platform'),
  value: 'darwin',
});

/** On macOS everybody is on macOS, whatever environment he is given. */
interface SpawnOptions {
  envPairs?: string[];
}
type Spawn = (this: ChildProcess, options: SpawnOptions) => unknown;
const children = ChildProcess.prototype as unknown as { spawn: Spawn };
const spawn: Spawn = children.spawn;
children.spawn = function onMachine(options): unknown {
  const given = options.envPairs ?? [];
  const missing = Object.entries(variablesOfThisMachine()).filter(
    ([name]) => !given.some((pair) => pair.startsWith(`${name}=`)),
  );
  options.envPairs = [...given, ...missing.map(([name, value]) => `${name}=${value}`)];
  return spawn.call(this, options);
};
