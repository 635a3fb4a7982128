/** What was run, where and when, and the numbers of the summary. */
import type { ComponentChildren } from 'preact';
import type { PortsReport } from '../../../format.ts';
import { isFailed } from '../model/findings.ts';
import { formatCount, formatDate, formatDuration, plural } from '../text/format.ts';
import { machineName, workerPlace } from '../text/machine.ts';
import { visible } from '../text/visible.ts';

export function Header({ report }: { readonly report: PortsReport }) {
  const { runner, generator, machines, startedAtMs, endedAtMs, tests, testsWithoutPorts } = report;
  const runnerName = { playwright: 'Playwright', vitest: 'Vitest' }[runner.name];
  return (
    <header class="page-head">
      <h1>Ports report</h1>
      <p class="run">
        <span>
          {runnerName} {visible(runner.version, 40)}
        </span>
        <span>
          <time dateTime={new Date(startedAtMs).toISOString()}>{formatDate(startedAtMs)}</time>
        </span>
        <span>{formatDuration(endedAtMs - startedAtMs)}</span>
        <span>
          {plural(tests.length, 'test')} with ports, {formatCount(testsWithoutPorts)} without
        </span>
        {machines.length === 1 ? (
          <OneMachine report={report} />
        ) : (
          <span>{plural(machines.length, 'machine')}</span>
        )}
        <span>portslice {visible(generator.version, 40)}</span>
      </p>
      {machines.length > 1 && <Machines report={report} />}
      <Summary report={report} />
    </header>
  );
}

function OneMachine({ report }: { readonly report: PortsReport }) {
  const platform = report.machines[0]?.platform ?? '';
  return (
    <span>
      <bdi>{machineName(report, 0)}</bdi>, <bdi>{visible(platform, 60)}</bdi>
    </span>
  );
}

function Machines({ report }: { readonly report: PortsReport }) {
  return (
    <details class="machines">
      <summary>The machines and their clocks</summary>
      <ul>
        {report.machines.map((machine, index) => (
          <li key={index}>
            <bdi>{machineName(report, index)}</bdi>, <bdi>{visible(machine.platform, 60)}</bdi>
          </li>
        ))}
      </ul>
    </details>
  );
}

function Summary({ report }: { readonly report: PortsReport }) {
  const { summary } = report;
  const { peak, waits, servers } = summary;
  const failed = report.tests.filter(isFailed).length;
  const slowest = servers.slowestReadyMs;
  return (
    <dl class="summary">
      <Number name="Failed" value={failed} bad={failed > 0} note="of the tests with ports" />
      <Number name="Leaks" value={summary.leaks} bad={summary.leaks > 0} />
      <Number
        name="Waits"
        value={waits.count}
        warn={waits.count > 0}
        note={
          waits.count > 0
            ? `longest ${formatDuration(waits.longestMs)}, ${formatDuration(waits.totalMs)} in all`
            : undefined
        }
      />
      <Number
        name="Servers"
        value={servers.count}
        bad={servers.failed > 0}
        note={[
          servers.failed > 0 ? `${formatCount(servers.failed)} failed` : undefined,
          slowest === undefined ? undefined : `slowest ready in ${formatDuration(slowest)}`,
        ]
          .filter((part) => part !== undefined)
          .join(', ')}
      />
      <Number name="Sealed" value={summary.sealed} />
      <Number name="Borrowed" value={summary.borrowed} />
      <Number name="Peak in use" value={peak?.portCount ?? 0} note={peak && workerPlace(report, peak)} />
      <Number name="Handed out" value={summary.handedOut} />
      <Number name="Pool" value={summary.poolPortCount} note="ports" />
    </dl>
  );
}

interface NumberProps {
  readonly name: string;
  readonly value: number;
  readonly note?: ComponentChildren;
  readonly bad?: boolean;
  readonly warn?: boolean;
}

function Number({ name, value, note, bad = false, warn = false }: NumberProps) {
  return (
    <div class={bad ? 'bad' : warn ? 'warn' : undefined}>
      <dt>{name}</dt>
      <dd>
        <span class="value">{formatCount(value)}</span>
        {note && <span class="note">{note}</span>}
      </dd>
    </div>
  );
}
