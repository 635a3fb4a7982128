/**
 * Puts the code of dist into few files: `npm run build`, after tsc has checked it and written the declarations. Node
 * takes time for each module that it loads, and the allocator is some 80 of them. Another folder can be given as argument.
 *
 * The text stays readable, since Node shows the line that throws. notes/speed.md has what shorter names would save.
 */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { rolldown } from 'rolldown';

const sourceFolder = path.join(import.meta.dirname, '../src');
const entries = readdirSync(sourceFolder).filter((file) => file.endsWith('.ts'));
/** Loaded on that system only: see src/platform/load-system.ts. */
const systems = ['darwin', 'windows'];
const inputs: readonly (readonly [name: string, file: string])[] = [
  ...entries.map((file) => [path.basename(file, '.ts'), path.join(sourceFolder, file)] as const),
  ...systems.map(
    (name) => [`${name}/platform`, path.join(sourceFolder, `platform/${name}/platform.ts`)] as const,
  ),
];

const bundle = await rolldown({
  input: Object.fromEntries(inputs),
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
        test: /\/src\/(?:index\.ts$|(?:errors|core|platform(?!\/(?:darwin|windows)\/)|pool)\/|plugin\/port-dispenser\.ts$)/,
      },
      // What every worker of a runner loads, whether its tests use ports or not.
      { name: 'light', test: /\/src\/plugin\/(?:open-dispenser|port-scope|run-options)\.ts$/ },
    ],
  },
});
await bundle.close();
