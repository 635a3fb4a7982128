/** What a person with a red or slow run wants to see first: who leaked, whose server never was ready, who waited. */
import { useMemo, useState } from 'preact/hooks';
import type { PortsReport, TestReport } from '../../../format.ts';
import { hashOf } from '../hooks/use-selected-test.ts';
import { findingsOf, isFailed, lookFirst, neverReady, longestWaitMs } from '../model/findings.ts';
import { stateText } from '../text/describe-bar.ts';
import { formatCount, formatDuration } from '../text/format.ts';
import { workerPlace } from '../text/machine.ts';
import { placeOf, titleOf, visible } from '../text/visible.ts';
import { Badge } from './badge.tsx';
import { Outcome } from './outcome.tsx';

const FEW = 8;
const MORE = 100;

export function LookFirst({
  report,
  isPrinted,
}: {
  readonly report: PortsReport;
  readonly isPrinted: boolean;
}) {
  const tests = useMemo(() => lookFirst(report), [report]);
  const [most, setMost] = useState(FEW);
  const shown = isPrinted ? tests : tests.slice(0, most);
  return (
    <section aria-labelledby="look-first-heading" class="look-first">
      <h2 id="look-first-heading">Look here first</h2>
      {tests.length === 0 ? (
        <p class="calm">No test leaked a port, waited for one, or had a server that never was ready.</p>
      ) : (
        <ol>
          {shown.map((test) => (
            <Item key={test.id} test={test} report={report} />
          ))}
        </ol>
      )}
      {tests.length > shown.length && (
        <button type="button" onClick={() => setMost(most + MORE)}>
          Show more ({formatCount(tests.length - shown.length)} not shown)
        </button>
      )}
    </section>
  );
}

function Item({ test, report }: { readonly test: TestReport; readonly report: PortsReport }) {
  const badges = findingsOf(test).filter((finding) =>
    ['leaked', 'server not ready', 'waited'].includes(finding),
  );
  return (
    <li>
      <span class="badges">
        {badges.map((finding) => (
          <Badge key={finding} finding={finding} />
        ))}
      </span>
      <span class="what">
        <a href={hashOf(test.id)}>
          {isFailed(test) && <Outcome test={test} />}
          <bdi>{titleOf(test.titles)}</bdi>
        </a>
        <span class="why">
          <bdi>{reasonsOf(test).join('; ')}</bdi>
        </span>
      </span>
      <span class="where">
        <bdi>{visible(placeOf(test.file, test.line), 120)}</bdi>
        <span>{workerPlace(report, test)}</span>
      </span>
    </li>
  );
}

function reasonsOf(test: TestReport): string[] {
  const waited = longestWaitMs(test);
  return [
    ...test.ports
      .filter(({ state }) => state === 'leaked')
      .map((use) => `port ${use.port} ${stateText(use)}`),
    ...test.servers
      .filter(neverReady)
      .map(
        ({ command, exitCode, signal }) =>
          `${visible(command, 120)} was never ready${endText(exitCode, signal)}`,
      ),
    ...(waited > 0 ? [`waited ${formatDuration(waited)} for a port`] : []),
  ];
}

function endText(exitCode: number | undefined, signal: string | undefined): string {
  if (exitCode !== undefined) return `, exit code ${exitCode}`;
  return signal === undefined ? '' : `, ended by ${visible(signal, 20)}`;
}
