/** The options of a server, checked before anything is done. */
import { InvalidOptionError } from '../errors/index.ts';
import { ACQUIRE_OPTION_NAMES, type AcquireOptions, checkAcquireOptions } from '../pool/api/owner-options.ts';
import { checkNames, checkTimeout } from '../pool/session/option-checks.ts';
import { fillInAny, portNamesIn } from './command-template.ts';
import { isRegExp } from './foreign-values.ts';
import { isPathOrUrl } from './http-answer.ts';
import { findDescriptorLoser } from './inheritable.ts';
import {
  FIRST_PORT_NAME,
  type LauncherOptions,
  type Readiness,
  type ServerFunction,
  type StartServerOptions,
} from './server-options.ts';

const DEFAULT_READY_TIMEOUT_MS = 30_000;
const DEFAULT_STOP_TIMEOUT_MS = 5000;
const SERVER_OPTION_NAMES: readonly string[] = [
  'command',
  'portNames',
  'env',
  'cwd',
  'ready',
  'readyTimeoutMs',
  'stopSignal',
  'stopTimeoutMs',
  'launcher',
  'listen',
  'keepListening',
  'label',
];
/** A server has a label of its own. */
const PORT_OPTION_NAMES = ACQUIRE_OPTION_NAMES.filter((name) => name !== 'label');

export interface ServerSettings {
  readonly command: readonly string[] | string | ServerFunction;
  /** In messages and reports. */
  readonly name: string;
  /** At least the first. */
  readonly portNames: readonly string[];
  /** For its owners. */
  readonly acquire: AcquireOptions;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string | undefined;
  readonly ready: Readiness;
  readonly readyTimeoutMs: number;
  readonly stopSignal: NodeJS.Signals;
  readonly stopTimeoutMs: number;
  /** Undefined: the command is the server itself. */
  readonly launcher: LauncherOptions | undefined;
  /** The server listens itself: undefined. */
  readonly listen: 'inherit' | undefined;
  readonly keepListening: boolean;
  readonly signal: AbortSignal | undefined;
}

/** @throws InvalidOptionError that names the option */
export function checkServerOptions(options: StartServerOptions): ServerSettings {
  checkNames(options, [...SERVER_OPTION_NAMES, ...PORT_OPTION_NAMES]);
  const { command, env = {}, cwd, ready = 'listening', signal } = options;
  const { readyTimeoutMs = DEFAULT_READY_TIMEOUT_MS, stopTimeoutMs = DEFAULT_STOP_TIMEOUT_MS } = options;
  const { stopSignal = 'SIGTERM', label } = options;
  checkCommand(command);
  checkVariables(env);
  expect('cwd', cwd, cwd === undefined || typeof cwd === 'string', 'the path of a folder');
  expect('label', label, label === undefined || typeof label === 'string', 'a string');
  checkReadiness(ready);
  if (typeof command === 'function') checkBesideFunction(options);
  checkTimeout('readyTimeoutMs', readyTimeoutMs);
  checkTimeout('stopTimeoutMs', stopTimeoutMs);
  expect('stopSignal', stopSignal, isSignal(stopSignal), "the name of a signal, such as 'SIGINT'");
  const launcher = checkLauncher(options);
  const { listen, keepListening = false } = options;
  checkListen(options);
  const name = label ?? nameOf(command);
  return {
    command,
    name,
    portNames: collectPortNames(options, launcher),
    acquire: checkAcquire(options, name),
    env,
    cwd,
    ready,
    readyTimeoutMs,
    stopSignal,
    stopTimeoutMs,
    launcher,
    listen,
    keepListening,
    signal,
  };
}

function checkAcquire(options: StartServerOptions, label: string): AcquireOptions {
  const given = PORT_OPTION_NAMES.filter(
    (option) => options[option as keyof StartServerOptions] !== undefined,
  );
  const acquire: AcquireOptions = {
    ...Object.fromEntries(given.map((option) => [option, options[option as keyof StartServerOptions]])),
    label,
  };
  checkAcquireOptions(acquire);
  return acquire;
}

function checkCommand(command: unknown): void {
  const isList =
    Array.isArray(command) && command.length > 0 && command.every((part) => typeof part === 'string');
  const isUsable = isList ? command[0] !== '' : typeof command === 'string' && command.trim() !== '';
  const expected = "a program with its arguments (['node', 'api.js']), a text for the shell, or a function";
  expect('command', command, isUsable || typeof command === 'function', expected);
}

function checkVariables(env: unknown): void {
  const isUsable =
    typeof env === 'object' &&
    env !== null &&
    Object.values(env).every((value) => value === undefined || typeof value === 'string');
  expect('env', env, isUsable, 'an object with strings as values');
}

function checkReadiness(ready: Readiness): void {
  const expected =
    "'listening', a path ('/health'), a URL with http or https, { url, status }, a regular expression, or a function";
  const isUsable = typeof ready === 'function' || isRegExp(ready) || isAddress(ready);
  expect('ready', ready, isUsable, expected);
}

function isAddress(ready: unknown): boolean {
  if (typeof ready === 'string') return ready === 'listening' || isPathOrUrl(fillInAny(ready));
  if (typeof ready !== 'object' || ready === null) return false;
  const { url, status } = ready as { url?: unknown; status?: unknown };
  const statuses: unknown[] = Array.isArray(status) ? status : [status];
  const areStatuses = statuses.length > 0 && statuses.every((one) => Number.isInteger(one));
  return typeof url === 'string' && url !== 'listening' && isAddress(url) && areStatuses;
}

/** What is of a process. A function has no output that a pattern could be found in. */
function checkBesideFunction({ env, cwd, stopSignal, ready }: StartServerOptions): void {
  for (const [option, value] of Object.entries({ env, cwd, stopSignal }))
    expect(option, value, value === undefined, 'no such option beside a function');
  expect(
    'ready',
    ready,
    !isRegExp(ready),
    'no regular expression beside a function, whose output is not read',
  );
}

function isSignal(signal: string): boolean {
  return signal in process.getBuiltinModule('node:os').constants.signals;
}

function checkLauncher({ launcher, command }: StartServerOptions): LauncherOptions | undefined {
  if (launcher === undefined || launcher === false) return undefined;
  expect('launcher', launcher, typeof command !== 'function', 'no such option beside a function');
  if (launcher === true) return {};
  expect('launcher', launcher, typeof launcher === 'object' && launcher !== null, 'true or { stopCommand }');
  checkNames(launcher, ['stopCommand']);
  if (launcher.stopCommand !== undefined) checkStopCommand(launcher.stopCommand);
  return launcher;
}

function checkListen({ listen, keepListening = false, command, launcher = false }: StartServerOptions): void {
  expect('listen', listen, listen === undefined || listen === 'inherit', "'inherit'");
  expect('keepListening', keepListening, typeof keepListening === 'boolean', 'true or false');
  expect(
    'keepListening',
    keepListening,
    !keepListening || listen === 'inherit',
    "listen: 'inherit' beside it",
  );
  if (listen === undefined) return;
  expect('listen', listen, typeof command !== 'function', 'no such option beside a function');
  expect('listen', listen, launcher === false, 'no such option beside launcher');
  const loser = typeof command === 'function' ? undefined : findDescriptorLoser(command);
  if (loser === undefined) return;
  throw new InvalidOptionError({
    option: 'command',
    value: command,
    problem: `starts the server by '${loser}', which does not hand the socket of listen: 'inherit' on to it`,
    expected: "a command that is the server itself, such as ['node', 'server.js']",
  });
}

function checkStopCommand(command: readonly string[]): void {
  const isList = Array.isArray(command) && command.every((part) => typeof part === 'string');
  const isUsable = isList && command.length > 0 && command[0] !== '';
  expect(
    'launcher.stopCommand',
    command,
    isUsable,
    "a program with its arguments, such as ['docker', 'stop', 'db']",
  );
}

/** In messages and reports. */
export function nameOf(command: StartServerOptions['command']): string {
  if (typeof command === 'string') return command;
  // One that is written as the option's value is called as the option.
  if (typeof command === 'function')
    return ['', 'command'].includes(command.name) ? 'a function' : command.name;
  return command.join(' ');
}

function collectPortNames(
  { command, portNames = [], env = {}, cwd = '', ready }: StartServerOptions,
  launcher: LauncherOptions | undefined,
): string[] {
  const areNames =
    Array.isArray(portNames) && portNames.every((name) => /^[A-Za-z][\w-]*$/.test(String(name)));
  expect('portNames', portNames, areNames, "names of letters, digits, '-' and '_'");
  const url = ready === undefined ? undefined : addressIn(ready);
  const texts = [
    ...(typeof command === 'function' ? [] : [command].flat()),
    ...Object.values(env).flatMap((value) => value ?? []),
    cwd,
    ...(url === undefined ? [] : [url]),
    ...(launcher?.stopCommand ?? []),
  ];
  return [...new Set([FIRST_PORT_NAME, ...portNamesIn(texts), ...portNames])];
}

/** Where the server is asked; undefined where it is not. */
export function addressIn(ready: Readiness): string | undefined {
  if (typeof ready === 'string') return ready;
  return typeof ready === 'object' && 'url' in ready ? ready.url : undefined;
}

function expect(option: string, value: unknown, isMet: boolean, expected: string): void {
  if (!isMet) throw new InvalidOptionError({ option, value, expected });
}
