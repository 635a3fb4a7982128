/** Starts what the options describe, with its ports filled in. */
import { environmentOfProgram } from '../platform/environment.ts';
import type { HandedSocket } from '../platform/handed-socket.ts';
import type { ServerSettings } from './check-options.ts';
import { type Command, startCommand } from './command-instance.ts';
import { fillIn } from './command-template.ts';
import { FunctionInstance } from './function-instance.ts';
import { fillInDescriptor, handOverVariables, ID_VARIABLE } from './hand-over.ts';
import type { Instance } from './instance.ts';
import { LauncherInstance } from './launcher-instance.ts';
import { FIRST_PORT_NAME, type ServerPorts } from './server-options.ts';

/** @param handed what the server listens on. @throws ServerCommandError if the program cannot be started */
export async function startInstance(
  settings: ServerSettings,
  ports: ServerPorts,
  handed: HandedSocket | undefined,
  write: (text: string) => void,
): Promise<Instance> {
  const { command, launcher, stopSignal } = settings;
  if (typeof command === 'function') return new FunctionInstance(command, ports);
  const filled = fillCommand(command, settings, ports, handed);
  const instance = await startCommand(filled, stopSignal, write);
  if (launcher === undefined) return instance;
  const { stopCommand } = launcher;
  const { env, cwd } = filled;
  const program = stopCommand && {
    name: stopCommand[0] ?? '',
    command: stopCommand.map((part) => fillIn(part, ports)),
    environment: environmentOfProgram(env, cwd ?? '.'),
    cwd,
  };
  return new LauncherInstance(instance, { program, timeoutMs: settings.stopTimeoutMs }, write);
}

function fillCommand(
  command: string | readonly string[],
  { env, cwd }: ServerSettings,
  ports: ServerPorts,
  handed: HandedSocket | undefined,
): Command {
  const fill = (text: string): string =>
    handed === undefined ? fillIn(text, ports) : fillInDescriptor(fillIn(text, ports));
  const variables = Object.entries(env).map(([name, value]) => [name, value && fill(value)] as const);
  return {
    command: typeof command === 'string' ? fill(command) : command.map(fill),
    env: {
      PORT: String(ports[FIRST_PORT_NAME]),
      ...(handed === undefined ? {} : handOverVariables()),
      ...Object.fromEntries(variables),
    },
    cwd: cwd === undefined ? undefined : fill(cwd),
    ...(handed === undefined ? {} : { handed: handed.descriptor, idVariable: ID_VARIABLE }),
  };
}
