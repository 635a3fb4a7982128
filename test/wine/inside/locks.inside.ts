import { platform } from '../../../src/platform/platform.ts';
import { describeLocks } from '../../platform/conformance/locks.ts';

describeLocks('Windows', () => platform.openKernel());
