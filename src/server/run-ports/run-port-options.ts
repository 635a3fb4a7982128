/** The options of run ports, checked before anything is done. */
import { EXPECTED_NAME, isRunPortName } from '../../core/run-port-name.ts';
import { InvalidOptionError } from '../../errors/index.ts';
import { findPackageFolder, type PackageFolder } from '../../platform/package-folder.ts';
import {
  type CheckedOptions,
  checkOwnerOptions,
  OWNER_OPTION_NAMES,
  type TCPPortOwnerOptions,
} from '../../pool/api/owner-options.ts';
import { checkNames } from '../../pool/session/option-checks.ts';

export interface RunPortOptions extends Omit<TCPPortOwnerOptions, 'label'> {
  /**
   * Whether to use the number of a server that `portslice run` already serves for the same folder. Default: true.
   * Switch it off where a server is started in any case, as with `reuseExistingServer: false`.
   */
  join?: boolean | undefined;
  /**
   * A folder of the package whose port is meant: the nearest package.json counts. Default: the working directory of the run's
   * main process.
   */
  folder?: string | undefined;
}

const RUN_PORT_OPTION_NAMES = [...OWNER_OPTION_NAMES.filter((name) => name !== 'label'), 'join', 'folder'];

export interface CheckedRunPortOptions {
  readonly owner: CheckedOptions;
  readonly join: boolean;
  /** Undefined: the run's. */
  readonly folder: PackageFolder | undefined;
}

/** @throws InvalidOptionError */
export function checkRunPortOptions(name: string, options: RunPortOptions): CheckedRunPortOptions {
  checkRunPortName(name);
  checkNames(options, RUN_PORT_OPTION_NAMES);
  const { join = true, folder, ...owner } = options;
  if (typeof join !== 'boolean')
    throw new InvalidOptionError({ option: 'join', value: join, expected: 'true or false' });
  return {
    owner: checkOwnerOptions({ ...owner, label: `run port '${name}'` }),
    join,
    folder: folder === undefined ? undefined : checkFolder(folder),
  };
}

export function checkRunPortName(name: unknown): asserts name is string {
  if (isRunPortName(name)) return;
  throw new InvalidOptionError({ option: 'name', value: name, expected: EXPECTED_NAME });
}

function checkFolder(folder: string): PackageFolder {
  try {
    return findPackageFolder(folder);
  } catch {
    throw new InvalidOptionError({ option: 'folder', value: folder, expected: 'the path of a folder' });
  }
}
