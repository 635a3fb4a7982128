/**
 * Puts the code of dist into few files: `npm run build`, after tsc has checked it and written the declarations. Node
 * takes time for each module that it loads, and the allocator is some 50 of them. Another folder can be given as argument.
 */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { rolldown } from 'rolldown';

const sourceFolder = path.join(import.meta.dirname, '../src');
const entries = readdirSync(sourceFolder).filter((file) => file.endsWith('.ts'));

const bundle = await rolldown({
  input: Object.fromEntries(
    entries.map((file) => [path.basename(file, '.ts'), path.join(sourceFolder, file)]),
  ),
  platform: 'node',
  external: /^(?![./])/,
  onLog: (_level, log) => {
    throw new Error(log.message);
  },
});
await bundle.write({
  dir: process.argv[2] ?? path.join(import.meta.dirname, '../dist'),
  format: 'esm',
  chunkFileNames: '[name].js',
  // Half of what a module costs is the reading of its text. Names stay, for people who read stack traces.
  comments: false,
  minify: {
    compress: { keepNames: { function: true, class: true } },
    mangle: { keepNames: true },
    codegen: { removeWhitespace: true },
  },
  sourcemap: true,
  codeSplitting: {
    groups: [
      { name: 'allocator', test: /\/src\/(?:errors|core|platform|pool)\// },
      // What every worker of a runner loads, whether its tests use ports or not.
      { name: 'light', test: /\/src\/plugin\/(?:open-dispenser|port-scope|run-options)\.ts$/ },
    ],
  },
});
await bundle.close();
