/** Folders for the configuration and the log of servers. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** `npm run demo` keeps the servers' folders here, to read their logs afterwards. */
const keptFolders = process.env['DEMO_FOLDER'];

const folders = new Set<string>();

/** A folder of its own for a server's configuration and its log, `server.log`. */
export function makeServerFolder(kind: 'node' | 'python' | 'redis' | 'nginx'): string {
  const folder = mkdtempSync(path.join(keptFolders ?? tmpdir(), `${kind}-`));
  if (keptFolders !== undefined) return folder;
  if (folders.size === 0) process.once('exit', removeFolders);
  folders.add(folder);
  return folder;
}

function removeFolders(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}
