/**
 * What a configuration says about servers on run ports. Nothing is loaded here: every worker evaluates the configuration, and most
 * name no run port.
 */
import type { PlaywrightTestConfig } from '@playwright/test';
import type { OwnRunPorts, RunPort } from '../../server/run-ports/own-run-ports.ts';

type WebServer = Extract<NonNullable<PlaywrightTestConfig['webServer']>, { command: string }>;

/** Playwright calls it before it starts the first webServer, and never when it lists tests. Its own plug-ins are given so. */
interface RunnerPlugin {
  readonly name: string;
  setup(): Promise<void>;
}

interface ConfigWithPlugins {
  readonly '@playwright/test'?: { readonly plugins?: readonly unknown[] };
}

// SYNC: as in server/run-ports/own-run-ports.ts.
const KEY = Symbol.for('portslice/run-ports/1');

/** In the run's main process, and if it has run ports. */
export function withRunPorts<Config extends PlaywrightTestConfig>(config: Config): Config {
  const own = (process as { [KEY]?: OwnRunPorts })[KEY];
  if (own === undefined || own.all.length === 0) return config;
  own.letLapse();
  const { webServer } = config;
  const servers = [webServer ?? []].flat();
  const refusals = servers.flatMap((server) => refusalOf(own, server) ?? []);
  const setup = async (): Promise<void> => {
    for (const refusal of refusals) throw await joinError(refusal);
    own.adopt();
  };
  const plugin = (): RunnerPlugin => ({ name: 'portslice', setup });
  const theirs = (config as ConfigWithPlugins)['@playwright/test'];
  return {
    ...config,
    ...(webServer === undefined ? {} : { webServer: changeEach(webServer, (server) => adapt(own, server)) }),
    '@playwright/test': { ...theirs, plugins: [plugin, ...(theirs?.plugins ?? [])] },
  };
}

/** Whether there is one webServer or a list matters to Playwright: only the one is the default of baseURL. */
function changeEach(
  servers: WebServer | WebServer[],
  change: (server: WebServer) => WebServer,
): WebServer | WebServer[] {
  return Array.isArray(servers) ? servers.map(change) : change(servers);
}

function adapt(own: OwnRunPorts, server: WebServer): WebServer {
  const runPort = findRunPort(own, server);
  if (runPort === undefined) return server;
  const isJoined = runPort.joinedProcessId !== undefined;
  const env = { PORT: String(runPort.port), ...server.env };
  return { ...(isJoined ? { reuseExistingServer: true } : {}), ...server, env };
}

function findRunPort(own: OwnRunPorts, { port, url }: WebServer): RunPort | undefined {
  const number = port ?? (url !== undefined && URL.canParse(url) ? Number(new URL(url).port) : undefined);
  return own.all.find((runPort) => runPort.port === number);
}

interface Refusal {
  readonly problem: string;
  readonly expected: string;
}

/** Playwright would only say that the address is in use. */
function refusalOf(own: OwnRunPorts, server: WebServer): Refusal | undefined {
  const { name, port, joinedProcessId } = findRunPort(own, server) ?? {};
  if (joinedProcessId === undefined || server.reuseExistingServer !== false) return undefined;
  return {
    problem: `is false, but runPort('${name}') is ${port}, where portslice run (pid ${joinedProcessId}) serves this folder`,
    expected: `true, to use that server, or runPort('${name}', { join: false })`,
  };
}

async function joinError(refusal: Refusal): Promise<Error> {
  const { InvalidOptionError } = await import('../../errors/index.ts');
  return new InvalidOptionError({ option: 'webServer.reuseExistingServer', value: false, ...refusal });
}
