import {
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findPackageFolder } from '../../src/platform/package-folder.ts';

let base: string;
beforeEach(() => {
  base = realpathSync(mkdtempSync(path.join(tmpdir(), 'portslice-folders-')));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

function addPackage(name: string): string {
  const folder = path.join(base, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'package.json'), '{}');
  return folder;
}

describe('The folder of a package', () => {
  test('is the nearest one with a package.json', () => {
    const shop = addPackage('shop');
    const api = addPackage('shop/packages/api');
    mkdirSync(path.join(api, 'src'));
    expect(findPackageFolder(path.join(api, 'src')).path).toBe(api);
    expect(findPackageFolder(path.join(shop, 'packages')).path).toBe(shop);
    expect(findPackageFolder(path.join(shop, 'packages')).id).toBe(findPackageFolder(shop).id);
    expect(findPackageFolder(api).id).not.toBe(findPackageFolder(shop).id);
  });

  test('is the folder itself where none has one', () => {
    expect(findPackageFolder(base).path).toBe(base);
  });

  test('is the same by each path that leads to it', () => {
    const shop = addPackage('shop');
    symlinkSync(shop, path.join(base, 'link'));
    expect(findPackageFolder(path.join(base, 'link'))).toEqual(findPackageFolder(shop));
  });

  test('is another one at the same path, as in another container', () => {
    const before = findPackageFolder(addPackage('app'));
    renameSync(path.join(base, 'app'), path.join(base, 'old'));
    const after = findPackageFolder(addPackage('app'));
    expect(after.path).toBe(before.path);
    expect(after.id).not.toBe(before.id);
  });
});
