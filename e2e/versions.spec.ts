/**
 * Every supported version of the runners on every supported version of Node. `npm test` has the oldest and the newest Node,
 * `npm run test:matrix` all of them, and writes docs/versions.md.
 */
import { test } from './support/project.ts';
import { majorOf, NODE_VERSIONS, RUNNER_VERSIONS } from './support/runner-versions.ts';
import { cellFiles, runCell, type VersionCell } from './support/version-cell.ts';

const ends = [...new Set([NODE_VERSIONS[0], NODE_VERSIONS.at(-1)])] as string[];
const nodes = process.env['E2E_ALL_VERSIONS'] === undefined ? ends : NODE_VERSIONS;

const cells: VersionCell[] = RUNNER_VERSIONS.flatMap((runner) =>
  runner.workerKinds.flatMap((workerKind) =>
    nodes
      .filter((node) => !runner.withoutNode?.includes(majorOf(node)))
      .map((node) => ({ ...runner, workerKind, node })),
  ),
);

for (const cell of cells) {
  const { runner, version, workerKind, node } = cell;
  const annotation = { type: 'cell', description: JSON.stringify({ runner, version, workerKind, node }) };
  test(
    `${runner} ${version} on Node ${node}: ${workerKind} share no port and their servers get theirs`,
    {
      annotation,
    },
    async ({ createProject }) => {
      test.setTimeout(240_000);
      await runCell(await createProject(cellFiles(cell)), cell);
    },
  );
}
