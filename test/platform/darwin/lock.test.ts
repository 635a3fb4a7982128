import { platform } from '../../../src/platform/platform.ts';
import { describeLocks } from '../conformance/locks.ts';

describeLocks('the Darwin stand-in', () => platform.openKernel());
