/** The product's own modules, of src or of a test build, on the model in place of the machine. */
import { pathToFileURL } from 'node:url';
import type * as OrphansModule from '../../../src/platform/linux/orphans.ts';
import type * as DescriptorsModule from '../../../src/platform/linux/thread-descriptors.ts';
import type * as PlatformModule from '../../../src/platform/platform.ts';
import type * as PortPoolModule from '../../../src/pool/api/port-pool.ts';
import type * as AcquireModule from '../../../src/pool/claim/acquire.ts';
import type * as ReleaseModule from '../../../src/pool/claim/release.ts';
import type * as SearchModule from '../../../src/pool/claim/search.ts';
import type * as SessionModule from '../../../src/pool/session/pool-session.ts';
import type * as SliceOwnersModule from '../../../src/pool/session/slice-owners.ts';

export interface Product {
  readonly acquire: typeof AcquireModule;
  readonly release: typeof ReleaseModule;
  readonly search: typeof SearchModule;
  readonly sliceOwners: typeof SliceOwnersModule;
  readonly sessions: typeof SessionModule;
  readonly portPools: typeof PortPoolModule;
  readonly orphans: typeof OrphansModule;
  readonly threadDescriptors: typeof DescriptorsModule;
  readonly platform: typeof PlatformModule;
}

/** @param folder src, or a copy of it */
export async function loadProduct(folder: string): Promise<Product> {
  const load = async <T>(file: string): Promise<T> =>
    (await import(`${pathToFileURL(folder).href}/${file}`)) as T;
  return {
    acquire: await load('pool/acquire.ts'),
    release: await load('pool/release.ts'),
    search: await load('pool/search.ts'),
    sliceOwners: await load('pool/slice-owners.ts'),
    sessions: await load('pool/pool-session.ts'),
    portPools: await load('pool/port-pool.ts'),
    orphans: await load('platform/linux/orphans.ts'),
    threadDescriptors: await load('platform/linux/thread-descriptors.ts'),
    platform: await load('platform/platform.ts'),
  };
}
