/** `portslice run`: a command on run ports of this folder, until it ends. */
import { variableOf } from '../core/run-port-name.ts';
import { explainErrno, InvalidOptionError } from '../errors/index.ts';
import { monotonicMs, pause } from '../platform/clock.ts';
import { copyEnvironment } from '../platform/environment.ts';
import type { ProcessTree } from '../platform/process-tree.ts';
import { serverPlatform } from '../platform/server-platform.ts';
import { isPathOrUrl } from '../server/http-answer.ts';
import { tell } from '../server/run-ports/claim-run-port.ts';
import { type CommandPort, endPorts, openPorts } from './command-ports.ts';
import { codeOfEnd, codeOfSpawnError } from './exit-codes.ts';
import { hintAtNoHold } from './hold-hint.ts';
import { withPortFlag } from './known-servers.ts';
import { localUrl } from './local-url.ts';
import { fillIn, type WantedPort } from './port-arguments.ts';
import { watchForReadiness } from './readiness.ts';
import { tellEvent } from './run-events.ts';
import { startCommand } from './start-command.ts';

export interface RunRequest {
  readonly ports: readonly WantedPort[];
  /** A path of the first port, or a URL in which `{WEB}` is replaced: until it answers, nobody joins. */
  readonly ready: string | undefined;
  /** False for servers that could not listen on a held port. */
  readonly hold: boolean;
  /** Tells in JSON when it is started and ready. */
  readonly json: boolean;
  readonly command: readonly string[];
}

/** Resolves with the exit code when the command has ended and nothing of it is left. @throws UnsupportedPlatformError */
export async function runCommand(request: RunRequest): Promise<number> {
  checkReadyUrl(request);
  serverPlatform.checkSupport(false);
  const ports = await openPorts(request.ports, request.hold);
  const tree = serverPlatform.openProcessTree();
  if (request.json) tellEvent('started', ports);
  else for (const { name, port } of ports) tell(`${variableOf(name)} is ${port}`);
  const environment = { ...copyEnvironment(), ...variablesOf(ports), ...tree.environment };
  const startMs = monotonicMs();
  const words = toCommand(request.command, ports);
  const command = startCommand(words, environment, tree);
  const noteReady = (): void => {
    if (request.json) tellEvent('ready', ports);
  };
  const watch = watchForReadiness({ ports, tree, readyUrl: readyUrlOf(request.ready, ports), noteReady });
  try {
    const { exitCode, signal } = await command.ended;
    const ranMs = monotonicMs() - startMs;
    if (request.hold && exitCode !== null && !command.wasSignalled())
      hintAtNoHold({ command: words, exitCode, ranMs, unserved: watch.neverListenedOn() });
    return codeOfEnd(exitCode, signal);
  } catch (error) {
    tell(`the command cannot be started: ${explainSpawnError(error as NodeJS.ErrnoException)}`);
    return codeOfSpawnError((error as NodeJS.ErrnoException).code);
  } finally {
    watch.stop();
    await endTree(tree);
    endPorts(ports);
  }
}

function explainSpawnError(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT')
    return `${error.message}. Install it, or correct its name; what is in node_modules/.bin is started by npx or a script of package.json`;
  if (error.code === 'EACCES') return `${error.message}. Make the file executable`;
  const { problem, fix } = explainErrno(error.code, error);
  return `${problem}. ${fix}`;
}

/** WEB for each port, and PORT if there is only one. */
function variablesOf(ports: readonly CommandPort[]): Record<string, string> {
  const named = ports.map(({ name, port }) => [variableOf(name), String(port)] as const);
  const only = ports.length === 1 ? [['PORT', String(ports[0]?.port)] as const] : [];
  return Object.fromEntries([...only, ...named]);
}

/** One argument with white space in it is a text for the shell. */
function toCommand(words: readonly string[], ports: readonly CommandPort[]): readonly string[] {
  const filled = words.map((word) => fillIn(word, ports));
  const [first = ''] = filled;
  if (filled.length === 1 && /\s/.test(first)) return serverPlatform.shellCommand(first);
  const isFilledIn = filled.some((word, at) => word !== words[at]);
  const [port] = ports;
  return ports.length !== 1 || port === undefined || isFilledIn ? filled : withPortFlag(filled, port.port);
}

/** @throws InvalidOptionError */
function checkReadyUrl({ ready, ports }: RunRequest): void {
  const anyPorts = ports.map(({ name }) => ({ name, port: 1 }));
  if (ready === undefined || isPathOrUrl(fillIn(ready, anyPorts))) return;
  const expected = `a path, such as /health, or a URL with http or https, such as http://localhost:{${variableOf(ports[0]?.name ?? '')}}/`;
  throw new InvalidOptionError({ option: '--ready', value: ready, expected });
}

function readyUrlOf(ready: string | undefined, ports: readonly CommandPort[]): string | undefined {
  if (ready === undefined) return undefined;
  const url = fillIn(ready, ports);
  const [first] = ports;
  return first !== undefined && url.startsWith('/') ? localUrl(first.port) + url : url;
}

const GRACE_MS = 5000;
const LOOK_EVERY_MS = 20;

/** What the command has left running (a server behind npm, say) is asked to end, and then killed. */
async function endTree(tree: ProcessTree): Promise<void> {
  if (tree.signal('SIGTERM') > 0) await untilEmpty(tree);
  tree.signal('SIGKILL');
  tree.close();
}

async function untilEmpty(tree: ProcessTree): Promise<void> {
  const deadlineMs = monotonicMs() + GRACE_MS;
  while (tree.findProcesses().length > 0 && monotonicMs() < deadlineMs) await pause(LOOK_EVERY_MS);
}
