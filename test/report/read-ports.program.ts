/** Reads ports as the user that it is told to become, without the rights of root. */
import type { WhoReport } from '../../src/report/port/port-report.ts';
import { readPorts } from '../../src/report/port/read-ports.ts';
import { becomeUser, programConfig, serve } from '../support/serve.ts';

const commands = { read: (port: number): WhoReport => readPorts([port]) };
export type ReadingCommands = typeof commands;

// All that it needs is loaded then.
readPorts([1]);
becomeUser(programConfig() as number);
serve(commands);
