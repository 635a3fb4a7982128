/** Whether the network of this process is the machine's own, or that of a container. */
import { fileSystem } from '../file-system.ts';

export interface NetworkInterface {
  readonly name: string;
  /** Whether it is a device, if only one of a virtual machine. */
  readonly isDevice: boolean;
  /** Whether its other end lies in another network namespace. */
  readonly hasOtherEnd: boolean;
}

/** Undefined: it does not show. */
export function findNetworkPlace(): 'machine' | 'own' | undefined {
  const first = namespaceOf('1');
  // Inside of a container the first process is the container's.
  if (first !== undefined && namespaceOf('self') !== first) return 'own';
  return judgeInterfaces(readInterfaces());
}

/** Devices belong to one namespace only, and containers get one end of a pair. */
export function judgeInterfaces(interfaces: readonly NetworkInterface[]): 'machine' | 'own' | undefined {
  if (interfaces.some(({ isDevice }) => isDevice)) return 'machine';
  const others = interfaces.filter(({ name }) => name !== 'lo');
  if (interfaces.length > 0 && others.length === 0) return 'own';
  return others.some(({ hasOtherEnd }) => hasOtherEnd) ? 'own' : undefined;
}

const FOLDER = '/sys/class/net';

/** The names are those of this process. What /sys has may be of the namespace in which it was mounted. */
function readInterfaces(): NetworkInterface[] {
  try {
    const lines = fileSystem().readFileSync('/proc/self/net/dev', 'latin1').split('\n');
    const names = lines.flatMap((line) => /^\s*([^\s:]+):/.exec(line)?.[1] ?? []);
    const isOurs = fileSystem().readdirSync(FOLDER).toSorted().join('\n') === names.toSorted().join('\n');
    return names.map((name) => describeInterface(name, isOurs));
  } catch {
    return [];
  }
}

function describeInterface(name: string, isTold: boolean): NetworkInterface {
  if (!isTold) return { name, isDevice: false, hasOtherEnd: false };
  const folder = `${FOLDER}/${name}`;
  return {
    name,
    isDevice: fileSystem().existsSync(`${folder}/device`),
    hasOtherEnd: readNumber(`${folder}/iflink`) !== readNumber(`${folder}/ifindex`),
  };
}

function readNumber(file: string): number {
  return Number(fileSystem().readFileSync(file, 'latin1'));
}

/** Undefined: another user's may not be looked at. */
function namespaceOf(processId: string): string | undefined {
  try {
    return fileSystem().readlinkSync(`/proc/${processId}/ns/net`);
  } catch {
    return undefined;
  }
}
