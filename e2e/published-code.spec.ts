import { expect, test } from './support/project.ts';

/** With a misspelt option, which nothing catches. */
const SCRIPT = `
  import { TCPPortOwner } from 'portslice';
  new TCPPortOwner({ hsots: ['localhost'] });
`;

test('an uncaught error shows the line that throws, its message and the names of the functions', async ({
  createProject,
}) => {
  const project = await createProject({ 'script.js': SCRIPT });
  const { exitCode, output } = await project.run('node', ['script.js']);
  expect(exitCode).toBe(1);
  expect(output.length, output).toBeLessThan(4_000);
  expect(output).toMatch(/dist\/index\.js:\d+\n\s*throw new InvalidOptionError\(/);
  expect(output).toContain('InvalidOptionError: hsots is not an option; expected one of hosts');
  expect(output).toMatch(/at checkOwnerOptions .*at new TCPPortOwner /s);
});

test('the source maps lead to the line of the source', async ({ createProject }) => {
  const project = await createProject({ 'script.js': SCRIPT });
  const { output } = await project.run('node', ['--enable-source-maps', 'script.js']);
  expect(output).toMatch(/at new TCPPortOwner \(.*src\/pool\/api\/tcp-port-owner\.ts:\d+:\d+\)/);
});
