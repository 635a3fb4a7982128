/** Memory with a name, which every process of the session can map. It is gone with the last handle or view of it. */
import { INVALID_HANDLE_VALUE, PAGE_READWRITE, FILE_MAP_READ_WRITE } from './constants.ts';
import { windowsError } from './errno.ts';
import type { Win32 } from './win32.ts';

/** Maps the memory of that name, zeroed if it is new. @returns the handle that keeps the name, and the memory */
export function mapNamed(
  win32: Win32,
  name: string,
  byteLength: number,
): { readonly mapping: number; readonly buffer: ArrayBuffer } {
  const mapping = win32.createFileMapping(INVALID_HANDLE_VALUE, 0, PAGE_READWRITE, 0, byteLength, name);
  if (mapping === 0) throw windowsError('CreateFileMappingW', win32.lastError());
  try {
    return { mapping, buffer: win32.view(mapView(win32, mapping), byteLength) };
  } catch (error) {
    win32.closeHandle(mapping);
    throw error;
  }
}

/** SAFETY: the view stays, since an access to unmapped memory would end the process. @returns its address */
export function mapView(win32: Win32, mapping: number): number {
  const address = win32.mapView(mapping, FILE_MAP_READ_WRITE, 0, 0, 0);
  if (address === 0) throw windowsError('MapViewOfFile', win32.lastError());
  return address;
}
