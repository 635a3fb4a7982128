import { test } from 'vitest';
import type { Vitest } from 'vitest/node';
export type OwnPort = Vitest;
export const ownVitestPort = (): unknown => test;
