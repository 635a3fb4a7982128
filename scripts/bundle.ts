/**
 * Puts the code of dist into few files: `npm run build`, after tsc has checked it and written the declarations. Node
 * takes time for each module that it loads, and the allocator is some 80 of them. Another folder can be given as argument.
 *
 * The text stays readable, since Node shows the line that throws. notes/speed.md has what shorter names would save.
 */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { type OutputChunk, rolldown } from 'rolldown';
import { bundleClient } from './bundle-client.ts';

const ALLOCATOR =
  /\/src\/(?:index\.ts$|(?:errors|core|platform(?!\/(?:(?:darwin|windows)\/|machine-facts|own-package|(?:linux\/)?network-place))|pool(?!\/(?:session\/excluded-ports|claim\/hold-again)))\/|plugin\/(?:port-dispenser|explain-address-in-use|on-leak|get-port|get-port-options|find-scope)\.ts$|server\/(?:start-server\.ts$|run-ports\/(?!serve-run-port|adopt-run-ports)))/;
/** Loaded with the first server, in one file. */
const OF_SERVERS =
  /\/platform\/(?:server-platform|tree-(?:search|guard|mark)|through-shell|linux\/(?:server-platform|process-(?:tree|groups|table)|marked-command|handed-socket|send-signal|tree-mark|watchdog(?:-script)?|netlink|socket-diagnosis))\.ts$/;

/** The rest of it, but what global setups alone load. */
const OF_SERVERS_ONLY =
  /\/src\/(?:server\/(?!run-ports\/adopt-run-ports)|plugin\/server-dispenser|pool\/claim\/hold-again)/;

const sourceFolder = path.join(import.meta.dirname, '../src');
const entries = readdirSync(sourceFolder).filter((file) => file.endsWith('.ts'));
/** Loaded by the commands that show people what there is on the machine. */
const OF_MACHINE =
  /\/(?:platform\/(?:machine-lookup|port-inspector|linux\/(?:machine-lookup|named-sockets|port-inspector|process-description|redirections|socket-owners|unix-diagnosis))|core\/redirection-text)\.ts$/;
/** Loaded on that system only: see src/platform/load-system.ts. */
const systems = ['darwin', 'windows'];
/** Of those, with the first server. */
const OF_SERVERS_THERE =
  /\/platform\/(?:darwin|windows)\/(?:server-platform|process-(?:tree|table)|send-signal|handed-socket|watchdog|watchdog-orders|job|listening-sockets|shell)\.ts$/;
/** Of those, with `OF_MACHINE`. */
const OF_MACHINE_THERE =
  /\/platform\/(?:darwin|windows)\/(?:machine-lookup|port-inspector|process-folder)\.ts$/;
/** A program of its own. */
const WATCHDOG_PROGRAM = /\/watchdog-program\.ts$/;
const systemFiles = systems.flatMap((system) =>
  ['platform', 'server-platform', 'machine-lookup', 'port-inspector', 'watchdog-program']
    .map((name) => `${system}/${name}`)
    .filter((name) => existsSync(path.join(sourceFolder, `platform/${name}.ts`))),
);
/** Loaded where somebody asks for a trace only: see src/platform/trace.ts. */
const traceLines = 'trace-lines';
/** Started by `portslice doctor` as processes and threads of their own: see src/doctor/party.ts. */
const parties = ['helper', 'stranger'];
const inputs: readonly (readonly [name: string, file: string])[] = [
  ...entries.map((file) => [path.basename(file, '.ts'), path.join(sourceFolder, file)] as const),
  ...systemFiles.map((name) => [name, path.join(sourceFolder, `platform/${name}.ts`)] as const),
  [traceLines, path.join(sourceFolder, `platform/${traceLines}.ts`)],
  ...parties.map((name) => [`doctor/${name}`, path.join(sourceFolder, `doctor/${name}.ts`)] as const),
  // Loaded by whoever writes a page.
  ['report-page', path.join(sourceFolder, 'report/page/render-page.ts')],
];

/** What a browser has in place of each of these modules, which has the same exports. */
const STAND_INS: Readonly<Record<string, string>> = {
  'plugin/open-dispenser.ts': 'plugin/vitest/browser/open-dispenser.ts',
  'plugin/open-servers.ts': 'plugin/vitest/browser/open-servers.ts',
  'plugin/scope-sources.ts': 'plugin/vitest/browser/scope-sources.ts',
  'plugin/vitest/current-scope.ts': 'plugin/vitest/browser/current-scope.ts',
  'plugin/vitest/current-test.ts': 'plugin/vitest/browser/current-test.ts',
};

const outputOptions = {
  format: 'esm',
  // They are in the source maps.
  comments: false,
  minify: false,
  minifyInternalExports: false,
  sourcemap: true,
} as const;

const targetFolder = process.argv[2] ?? path.join(import.meta.dirname, '../dist');

const client = await bundleClient(refuseWarnings);
const bundle = await rolldown({
  input: Object.fromEntries(inputs),
  platform: 'node',
  external: /^(?![./])/,
  plugins: [client],
  // The other files find what they need of the allocator among the exports of index.js. No declaration shows it.
  preserveEntrySignatures: 'allow-extension',
  onLog: refuseWarnings,
});
await bundle.write({
  ...outputOptions,
  dir: targetFolder,
  chunkFileNames: '[name].js',
  codeSplitting: {
    groups: [
      { name: traceLines, test: /\/platform\/trace-lines\.ts$/ },
      // The main entry is the allocator itself, with what the fixtures add to it: one file less takes a process 0.9 ms less,
      // and one with fixtures 1.2 ms.
      {
        name: 'index',
        test: (file) => ALLOCATOR.test(file) && !OF_SERVERS.test(file) && !OF_MACHINE.test(file),
      },
      {
        name: 'servers',
        test: (file) => OF_SERVERS.test(file) || (OF_SERVERS_ONLY.test(file) && !ALLOCATOR.test(file)),
      },
      // Every command has its own file: url and run, which start other programs, must not load tables.
      { name: 'command', test: /\/src\/cli\/(?:exit-codes|output|version|age-text)\.ts$/ },
      { name: 'text-width', test: /\/src\/cli\/text-width\.ts$/ },
      { name: 'table', test: /\/src\/cli\/table\.ts$/ },
      { name: 'machine', test: (file) => OF_MACHINE.test(file) || file.includes('/src/report/status/') },
      { name: 'status', test: /\/src\/cli\/(?:status|watch-|screen)/ },
      { name: 'ports', test: /\/src\/(?:cli\/ports|report\/port\/server-ports-report)/ },
      { name: 'who', test: /\/src\/(?:cli\/who|report\/port\/)/ },
      // Beside the files that it starts. A stranger is one that imports nothing else.
      { name: 'doctor/serve', test: /\/src\/doctor\/serve\.ts$/ },
      { name: 'doctor/shared-count', test: /\/src\/doctor\/shared-count\.ts$/ },
      {
        name: 'doctor/doctor',
        test: /\/src\/(?:cli\/doctor|doctor\/(?!helper|stranger|serve|shared-count)|platform\/(?:machine-facts|(?:linux\/)?network-place))/,
      },
      // What the global setups load.
      {
        name: 'run-pool',
        test: /\/src\/(?:server\/run-ports\/adopt-run-ports|plugin\/(?:run-pool|tell-run|united-options|report-wanted|vitest\/shard)|report\/report-options)\.ts$/,
      },
      // Loaded by the reporters, and by the global setup of a run that has one: nothing of the commands' own may be in it.
      { name: 'report', test: /\/src\/(?:report\/(?!page\/)|pool\/session\/excluded-ports)/ },
      // In this order: what both need is in the first.
      ...systems.flatMap((system) => [
        {
          name: `${system}/platform`,
          test: filesOf(
            system,
            (file) =>
              !OF_SERVERS_THERE.test(file) && !OF_MACHINE_THERE.test(file) && !WATCHDOG_PROGRAM.test(file),
          ),
        },
        { name: `${system}/server-platform`, test: filesOf(system, (file) => OF_SERVERS_THERE.test(file)) },
      ]),
      // What every worker of a runner loads, whether its tests use ports or not.
      {
        name: 'light',
        test: /\/src\/plugin\/(?:open-dispenser|open-servers|port-scope|run-options|scope-sources)\.ts$/,
      },
    ],
  },
});
await bundle.close();

/** The fixtures for Vitest once more, for tests that run in a browser: with what stands in there for the parts that need Node. */
const pageBundle = await rolldown({
  input: path.join(sourceFolder, 'vitest.ts'),
  platform: 'browser',
  external: /^(?![./])/,
  plugins: [{ name: 'stand-ins', resolveId: standIn }],
  onLog: refuseWarnings,
});
const { output } = await pageBundle.write({
  ...outputOptions,
  file: path.join(targetFolder, 'vitest-browser.js'),
});
await pageBundle.close();
for (const chunk of output) if (chunk.type === 'chunk') checkForBrowsers(chunk);

function filesOf(system: string, isWanted: (file: string) => boolean): (file: string) => boolean {
  return (file) => file.includes(`/src/platform/${system}/`) && isWanted(file);
}

function refuseWarnings(_level: string, log: { readonly message: string }): never {
  throw new Error(log.message);
}

function standIn(specifier: string, importer: string | undefined): string | undefined {
  if (importer === undefined || !specifier.startsWith('.')) return undefined;
  const file = path.relative(sourceFolder, path.resolve(path.dirname(importer), specifier));
  const other = STAND_INS[file.replaceAll(path.sep, '/')];
  return other === undefined ? undefined : path.join(sourceFolder, other);
}

function checkForBrowsers({ fileName, imports, dynamicImports, code }: OutputChunk): void {
  const unknown = [...imports, ...dynamicImports].filter(
    (name) => !['vitest', 'vitest/browser'].includes(name),
  );
  if (unknown.length > 0)
    throw new Error(`${fileName} imports ${unknown.join(', ')}, which browsers do not have`);
  if (/\bprocess\./.test(code)) throw new Error(`${fileName} uses process, which browsers do not have`);
}
