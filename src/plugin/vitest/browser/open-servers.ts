/** Stands in for ../../open-servers.ts in browsers, whose tests are given no servers. */
import { InvalidOptionError } from '../../../errors/options.ts';
import type * as InNode from '../../open-servers.ts';

export const openServers: typeof InNode.openServers = async ({ fixture }) => {
  throw noServers(fixture);
};

export const noServerError: typeof InNode.noServerError = async (fixture) => noServers(fixture);

function noServers(fixture: string): InvalidOptionError {
  return new InvalidOptionError({
    option: `The fixture '${fixture}'`,
    value: undefined,
    expected:
      'one that is started outside of the page: by a browser command, with startServer() and the port of the test, ' +
      'or in a global setup',
    problem: 'starts no server for a test that runs in a browser',
  });
}
