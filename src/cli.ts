#!/usr/bin/env node
export { ended } from './cli/start.ts';
