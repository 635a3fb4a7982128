import { test } from '@playwright/test';
import { serve } from '../../server/good.ts';
import { title } from '../report/good.ts';
export const ownPort = (): unknown => [test, serve, title];
