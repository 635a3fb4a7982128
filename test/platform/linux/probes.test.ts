import { platform } from '../../../src/platform/platform.ts';
import { ENDPOINTS } from '../../support/stranger.ts';
import { describeProbes } from '../conformance/probes.ts';

describeProbes({ name: 'Linux', openKernel: () => platform.openKernel(), endpoints: ENDPOINTS });
