/**
 * Node's file system. Not imported: for a static import of one of its own modules Node runs all the module's lazy getters,
 * which takes longer than everything else before a process has its first port. A test's mock of node:fs does not reach it.
 */
import type * as FileSystem from 'node:fs';

export function fileSystem(): typeof FileSystem {
  return process.getBuiltinModule('node:fs');
}
