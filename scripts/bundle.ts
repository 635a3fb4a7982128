/**
 * Puts the code of dist into few files: `npm run build`, after tsc has checked it and written the declarations. Node
 * takes time for each module that it loads, and the allocator is some 80 of them. Another folder can be given as argument.
 *
 * The text stays readable, since Node shows the line that throws. notes/speed.md has what shorter names would save.
 */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { rolldown } from 'rolldown';

const ALLOCATOR =
  /\/src\/(?:index\.ts$|(?:errors|core|platform|pool)\/|plugin\/(?:port-dispenser|on-leak|get-port|get-port-options|find-scope)\.ts$|server\/(?:start-server\.ts$|run-ports\/(?!serve-run-port)))/;
/** Loaded with the first server, in one file. */
const OF_SERVERS =
  /\/platform\/(?:server-platform|linux\/(?:process-(?:tree|groups|table)|marked-command|handed-socket|send-signal|tree-mark|watchdog(?:-script)?|socket-diagnosis))\.ts$/;

const sourceFolder = path.join(import.meta.dirname, '../src');
const entries = readdirSync(sourceFolder).filter((file) => file.endsWith('.ts'));

const bundle = await rolldown({
  input: Object.fromEntries(
    entries.map((file) => [path.basename(file, '.ts'), path.join(sourceFolder, file)]),
  ),
  platform: 'node',
  external: /^(?![./])/,
  // The other files find what they need of the allocator among the exports of index.js. No declaration shows it.
  preserveEntrySignatures: 'allow-extension',
  onLog: (_level, log) => {
    throw new Error(log.message);
  },
});
await bundle.write({
  dir: process.argv[2] ?? path.join(import.meta.dirname, '../dist'),
  format: 'esm',
  chunkFileNames: '[name].js',
  // They are in the source maps.
  comments: false,
  minify: false,
  minifyInternalExports: false,
  sourcemap: true,
  codeSplitting: {
    groups: [
      // The main entry is the allocator itself, with what the fixtures add to it: one file less takes a process 0.9 ms less,
      // and one with fixtures 1.2 ms.
      {
        name: 'index',
        test: (file) => ALLOCATOR.test(file) && !OF_SERVERS.test(file),
      },
      {
        name: 'servers',
        test: (file) =>
          OF_SERVERS.test(file) ||
          (/\/src\/(?:server\/|plugin\/server-dispenser)/.test(file) && !ALLOCATOR.test(file)),
      },
      // What every worker of a runner loads, whether its tests use ports or not.
      {
        name: 'light',
        test: /\/src\/plugin\/(?:open-dispenser|open-servers|port-scope|run-options|scope-sources)\.ts$/,
      },
    ],
  },
});
await bundle.close();
