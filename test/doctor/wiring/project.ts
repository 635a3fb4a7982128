/** A project of a user, as far as the doctor looks at it: files, and packages that are only a package.json. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { WiringResult } from '../../../src/doctor/wiring/finding.ts';
import { lookAtWiring, type WiringReport } from '../../../src/doctor/wiring/look-at-wiring.ts';
import { projectFolder } from '../../support/run-script.ts';

export interface UsersProject extends Disposable {
  readonly folder: string;
  look(subfolder?: string): Promise<WiringReport>;
  /** What comes of one point; undefined: it was not looked at. */
  find(name: string, subfolder?: string): Promise<WiringResult | undefined>;
}

export interface UsersFiles {
  /** Contents by path. */
  readonly files?: Readonly<Record<string, string>>;
  /** Versions by name. */
  readonly packages?: Readonly<Record<string, string>>;
  /** False: portslice is not installed. */
  readonly hasPortslice?: boolean;
}

export function createUsersProject({
  files = {},
  packages = {},
  hasPortslice = true,
}: UsersFiles): UsersProject {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'portslice-wiring-')));
  const write = (name: string, text: string): void => {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  };
  write('package.json', JSON.stringify({ devDependencies: packages }));
  for (const [name, version] of Object.entries(packages))
    write(`node_modules/${name}/package.json`, JSON.stringify({ name, version }));
  for (const [name, text] of Object.entries(files)) write(name, text);
  mkdirSync(path.join(folder, 'node_modules'), { recursive: true });
  if (hasPortslice) symlinkSync(projectFolder, path.join(folder, 'node_modules/portslice'));
  const look = (subfolder = '.'): Promise<WiringReport> => lookAtWiring(path.join(folder, subfolder));
  return {
    folder,
    look,
    find: async (name, subfolder) => (await look(subfolder)).results.find((result) => result.name === name),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
