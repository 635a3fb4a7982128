import { platform } from '../../../src/platform/platform.ts';
import { ENDPOINTS } from '../../support/stranger.ts';
import { describeProbes } from '../conformance/probes.ts';

describeProbes({
  name: 'the Darwin stand-in',
  openKernel: () => platform.openKernel(),
  endpoints: ENDPOINTS.filter(({ host }) => host !== '127.0.0.2'),
});
