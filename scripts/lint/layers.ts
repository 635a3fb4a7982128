/**
 * Who may import whom in src/. A place is a layer, or for the layers plugin and pool one of their folders.
 * errors <- core <- platform <- pool <- server <- report <- plugin, doctor <- cli <- entries
 */
const layersBelow: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  core: ['errors'],
  platform: ['errors', 'core'],
  pool: ['errors', 'core', 'platform'],
  server: ['errors', 'core', 'platform', 'pool'],
  plugin: ['errors', 'core', 'platform', 'pool', 'server', 'report'],
  report: ['errors', 'core', 'platform', 'pool', 'server'],
  doctor: ['errors', 'core', 'platform', 'pool', 'server'],
  cli: ['errors', 'core', 'platform', 'pool', 'server', 'report', 'doctor'],
  entries: ['errors', 'core', 'platform', 'pool', 'server', 'plugin', 'report', 'doctor', 'cli'],
};

/** Each imports those before it. */
const poolParts: readonly string[] = ['pool/session', 'pool/claim', 'pool/api'];

/** These layers have no I/O, so that they can be tested anywhere. */
const pureLayers: readonly string[] = ['errors', 'core', 'entries'];

/** Each package has one place that knows it. A package that is not listed may be imported nowhere. */
const packagesOf: Readonly<Record<string, readonly string[]>> = {
  server: ['tinyexec'],
  'plugin/playwright': ['@playwright/test', 'playwright'],
  'plugin/vitest': ['vitest'],
  'plugin/tinypool': ['tinypool'],
  cli: ['commander', 'cli-table3', 'string-width'],
  platform: ['obug'],
  // The script of the report's page, for browsers: bundled, so that nobody has to install them.
  'report/page/client': ['preact', 'd3-scale'],
};

/** For browsers. Only a bundle of its own has it. */
const CLIENT = 'report/page/client';

/** The place of a file in src/: 'core', 'plugin/vitest', ... A file directly in src/ is an entry. */
export function placeOf(file: string): string {
  const parts = file.replaceAll('\\', '/').split('/');
  const [first = '', second = '', third = ''] = parts.slice(parts.lastIndexOf('src') + 1);
  if (second === '') return 'entries';
  if (first === 'report' && second === 'page' && third === 'client') return CLIENT;
  return (first === 'plugin' || first === 'pool') && !second.includes('.') ? `${first}/${second}` : first;
}

export function mayImportLayer(importer: string, imported: string): boolean {
  if (importer === imported) return true;
  const from = layerOf(importer);
  const to = layerOf(imported);
  if (imported === CLIENT) return false;
  // The formats of the report, and nothing that a browser does not have.
  if (importer === CLIENT) return to === 'report';
  if (from === 'pool' && to === 'pool') return isEarlierPart(imported, importer);
  if (from === to) return !isHostFolder(imported);
  return layersBelow[from]?.includes(to) ?? false;
}

/** What lies beside the folders is for all of them. */
function isEarlierPart(imported: string, importer: string): boolean {
  const part = poolParts.indexOf(imported);
  return imported === 'pool' || (part !== -1 && part <= poolParts.indexOf(importer));
}

export function mayImportPackage(importer: string, specifier: string): boolean {
  if (specifier.startsWith('node:')) return importer !== CLIENT && !pureLayers.includes(layerOf(importer));
  const allowed = packagesOf[importer] ?? [];
  return allowed.some((name) => specifier === name || specifier.startsWith(`${name}/`));
}

const layerOf = (place: string): string => place.split('/')[0] ?? '';

/** Such a folder speaks to one test runner, which the user of another one may not have installed. */
const isHostFolder = (place: string): boolean => place in packagesOf && place.startsWith('plugin/');
