/** A module for the tests of a project that are looked at while they run, from outside. */
import type { ProjectFiles } from './project.ts';

/** Its `stay(port)` listens, says so, and goes on until the process is ended from outside. */
export const STAY: ProjectFiles = {
  'stay.js': `
    import { createServer } from 'node:http';
    import { once } from 'node:events';
    export async function stay(port) {
      await once(createServer().listen(port, '127.0.0.1'), 'listening');
      console.log('stays on ' + port);
      await new Promise(() => setInterval(() => {}, 60_000));
    }
  `,
};
