/**
 * Puts the script and the style of the report's page into one text each, which replace src/report/page/client-code.ts in dist. Nobody
 * reads them there, and every report has a copy: they are minified. The licences of the libraries in them are kept, as those ask.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { transform } from 'esbuild';
import { type OutputChunk, type Plugin, rolldown, type RolldownOptions } from 'rolldown';

const folder = path.resolve(import.meta.dirname, '../src/report/page');
const PACKAGE_FOLDER = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/;

/** The browsers of the last years. */
const CSS_TARGETS = ['chrome120', 'firefox121', 'safari17'];

export async function bundleClient(onLog: RolldownOptions['onLog']): Promise<Plugin> {
  const texts = { pageScript: await bundleScript(onLog), pageStyle: await minifyStyle() };
  const functions = Object.entries(texts).map(
    ([name, text]) => `export function ${name}() {\n  return ${JSON.stringify(text)};\n}\n`,
  );
  let isReplaced = false;
  return {
    name: 'page-client',
    load(id) {
      if (path.resolve(id) !== path.join(folder, 'client-code.ts')) return undefined;
      isReplaced = true;
      return { code: functions.join('\n'), map: { mappings: '' } };
    },
    generateBundle() {
      if (!isReplaced) throw new Error('Nothing was replaced by the script of the page');
    },
  };
}

async function bundleScript(onLog: RolldownOptions['onLog']): Promise<string> {
  const bundle = await rolldown({
    input: path.join(folder, 'client/main.tsx'),
    platform: 'browser',
    tsconfig: path.join(folder, 'client/tsconfig.json'),
    ...(onLog === undefined ? {} : { onLog }),
  });
  const { output } = await bundle.generate({ format: 'iife', minify: true, comments: false });
  await bundle.close();
  const [chunk, ...others] = output as [OutputChunk, ...unknown[]];
  if (others.length > 0) throw new Error('The script of the page must be one file');
  return `${licencesOf(chunk)}\n${withoutEndTags(chunk.code.trim())}`;
}

async function minifyStyle(): Promise<string> {
  const text = readFileSync(path.join(folder, 'client/page.css'), 'utf8');
  const { code } = await transform(text, { loader: 'css', minify: true, target: CSS_TARGETS });
  return code.trim();
}

/** A string in the script could end the element that it is in. */
function withoutEndTags(code: string): string {
  if (/<!--/.test(code)) throw new Error('The script of the page has the start of an HTML comment in it');
  return code.replaceAll(/<\/(?=script)/gi, String.raw`<\/`);
}

function licencesOf({ moduleIds }: OutputChunk): string {
  const folders = new Set(
    moduleIds.flatMap((id) => PACKAGE_FOLDER.exec(id.replaceAll('\\', '/'))?.[0] ?? []),
  );
  const licences = [...folders].toSorted().map((packageFolder) => {
    const { name, version } = JSON.parse(readFileSync(path.join(packageFolder, 'package.json'), 'utf8')) as {
      name: string;
      version: string;
    };
    return `${name} ${version}\n\n${readFileSync(path.join(packageFolder, 'LICENSE'), 'utf8').trim()}`;
  });
  return `/*!\n${licences.join('\n\n').replaceAll('*/', '* /')}\n*/`;
}
