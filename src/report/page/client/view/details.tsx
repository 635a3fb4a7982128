/** Everything about the test that the address names. */
import type { ComponentChildren } from 'preact';
import type { PortsReport, PortUseReport, ServerUseReport, TestReport } from '../../../format.ts';
import { deselectTest, hashOf } from '../hooks/use-selected-test.ts';
import { findingsOf } from '../model/findings.ts';
import { onOneClock } from '../model/timeline.ts';
import { outcomeText, stateText } from '../text/describe-bar.ts';
import { formatDuration } from '../text/format.ts';
import { machineName, shortWorkerName } from '../text/machine.ts';
import { placeOf, titleOf, visible } from '../text/visible.ts';
import { Badge } from './badge.tsx';

/** Here alone a long title is shown almost whole. */
const MOST_CHARACTERS = 2_000;

interface TestProps {
  readonly report: PortsReport;
  /** Of the times that are shown. */
  readonly originMs: number;
  readonly test: TestReport;
}

interface DetailsProps extends Omit<TestProps, 'test'> {
  readonly testId: string;
  /** Undefined where the report has none with this id. */
  readonly test: TestReport | undefined;
}

export function Details({ report, originMs, testId, test }: DetailsProps) {
  return (
    <aside
      class="details"
      aria-labelledby="details-heading"
      onKeyDown={({ key }) => {
        if (key === 'Escape') deselectTest();
      }}
    >
      <div class="section-head">
        <h2 id="details-heading">Chosen test</h2>
        <button
          type="button"
          class="close"
          onClick={deselectTest}
          aria-label="Close the chosen test"
          title="Close (Escape)"
        >
          &#x2715;
        </button>
      </div>
      {test === undefined ? (
        <p>
          No test of this report has the id <bdi>{visible(testId, 100)}</bdi>.
        </p>
      ) : (
        <Test test={test} report={report} originMs={originMs} />
      )}
    </aside>
  );
}

function Test({ test, report, originMs }: TestProps) {
  const at = (ms: number): string => formatDuration(onOneClock(report, test.machine, ms) - originMs);
  return (
    <>
      <p class="title">
        <bdi>{titleOf(test.titles, MOST_CHARACTERS)}</bdi>
      </p>
      <p class="badges">
        {findingsOf(test).map((finding) => (
          <Badge key={finding} finding={finding} />
        ))}
      </p>
      <dl class="facts">
        <Fact name="File">{visible(placeOf(test.file, test.line))}</Fact>
        {test.project !== '' && <Fact name="Project">{visible(test.project)}</Fact>}
        <Fact name="Outcome">{outcomeText(test)}</Fact>
        <Fact name="Ran">{`at ${at(test.startedAtMs)}, for ${formatDuration(test.durationMs)}`}</Fact>
        <Fact name="Worker">{`${shortWorkerName(test.worker)}, ${machineName(report, test.machine)}`}</Fact>
      </dl>
      {test.ports.map((use) => (
        <Port key={`${use.port}/${use.acquiredAtMs}`} use={use} at={at} />
      ))}
      {test.servers.map((server) => (
        <Server key={`${server.processId}/${server.startedAtMs}`} server={server} at={at} />
      ))}
      <p class="link">
        <a href={hashOf(test.id)}>Link to this test</a>
      </p>
    </>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <bdi>{children}</bdi>
      </dd>
    </div>
  );
}

type At = (ms: number) => string;

function Port({ use, at }: { readonly use: PortUseReport; readonly at: At }) {
  const slice = use.slice === undefined ? '' : `, slice ${use.slice}`;
  return (
    <>
      <h3>Port {use.port}</h3>
      <dl class="facts">
        <Fact name="Got by">{`${visible(use.fixture)}${slice}${use.borrowed ? ', borrowed from another slice' : ''}`}</Fact>
        {use.waitedMs > 0 && <Fact name="Waited">{formatDuration(use.waitedMs)}</Fact>}
        <Fact name="Held">
          {use.releasedAtMs === undefined
            ? `from ${at(use.acquiredAtMs)}; the release was not seen`
            : `${formatDuration(use.releasedAtMs - use.acquiredAtMs)}, from ${at(use.acquiredAtMs)} to ${at(use.releasedAtMs)}`}
        </Fact>
        <Fact name="State">{stateText(use)}</Fact>
      </dl>
    </>
  );
}

function Server({ server, at }: { readonly server: ServerUseReport; readonly at: At }) {
  const ports = Object.entries(server.ports).map(([name, port]) => `${visible(name, 60)} ${port}`);
  const code = server.exitCode === undefined ? '' : `, exit code ${server.exitCode}`;
  const signal = server.signal === undefined ? '' : `, ${visible(server.signal, 20)}`;
  return (
    <>
      <h3>
        Server <bdi>{visible(server.fixture, 60)}</bdi>
      </h3>
      <dl class="facts">
        <Fact name="Command">
          <code>{visible(server.command, MOST_CHARACTERS)}</code>
        </Fact>
        <Fact name="Ports">{ports.join(', ')}</Fact>
        <Fact name="Started">{`at ${at(server.startedAtMs)}${server.processId === undefined ? '' : `, pid ${server.processId}`}`}</Fact>
        <Fact name="Ready">
          {server.readyAfterMs === undefined ? 'never' : `after ${formatDuration(server.readyAfterMs)}`}
        </Fact>
        <Fact name="Ended">
          {server.endedAtMs === undefined ? 'not seen' : `at ${at(server.endedAtMs)}${code}${signal}`}
        </Fact>
      </dl>
    </>
  );
}
