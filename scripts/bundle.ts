/**
 * Puts the code of dist into few files: `npm run build`, after tsc has checked it and written the declarations. Node
 * takes time for each module that it loads, and the allocator is some 50 of them. Another folder can be given as argument.
 *
 * The text stays readable, since Node shows the line that throws. Shorter names would save V8 0.4 of some 3 ms; that the
 * lines are kept costs it nothing.
 */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { type Plugin, rolldown } from 'rolldown';

const sourceFolder = path.join(import.meta.dirname, '../src');
const entries = readdirSync(sourceFolder).filter((file) => file.endsWith('.ts'));

/** One character beyond ASCII makes V8 keep and read a whole file with two bytes for each. Ours are all in literals. */
const asciiOnly: Plugin = {
  name: 'ascii-only',
  renderChunk: (code) => ({
    code: code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
    // The lines stay.
    map: null,
  }),
};

const bundle = await rolldown({
  input: Object.fromEntries(
    entries.map((file) => [path.basename(file, '.ts'), path.join(sourceFolder, file)]),
  ),
  platform: 'node',
  external: /^(?![./])/,
  plugins: [asciiOnly],
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
      { name: 'allocator', test: /\/src\/(?:errors|core|platform|pool)\// },
      // What every worker of a runner loads, whether its tests use ports or not.
      { name: 'light', test: /\/src\/plugin\/(?:open-dispenser|port-scope|run-options)\.ts$/ },
    ],
  },
});
await bundle.close();
