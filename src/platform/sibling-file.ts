/**
 * A file that lies beside the one of that URL, in the sources (TypeScript) and in the package. It is a path: unlike a URL, that
 * is read in the archives of Yarn too.
 */
export function siblingFile(url: string, name: string): string {
  const { fileURLToPath } = process.getBuiltinModule('node:url');
  const [extension = '.js'] = /\.[jt]s$/.exec(new URL(url).pathname) ?? [];
  return fileURLToPath(new URL(`./${name}${extension}`, url));
}
