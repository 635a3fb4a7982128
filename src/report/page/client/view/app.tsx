/** The whole page. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { PortsReport } from '../../../format.ts';
import { useMedia } from '../hooks/use-media.ts';
import { usePrinted } from '../hooks/use-printed.ts';
import { useSelectedTest } from '../hooks/use-selected-test.ts';
import { type Choice, rowsOf } from '../model/rows.ts';
import { buildTimeline } from '../model/timeline.ts';
import { usageOf } from '../model/usage.ts';
import { titleOf } from '../text/visible.ts';
import { Details } from './details.tsx';
import { Header } from './header.tsx';
import { LookFirst } from './look-first.tsx';
import { PoolSection } from './pool/pool-section.tsx';
import { TestsSection } from './tests/tests-section.tsx';
import { readColors } from './timeline/colors.ts';
import { TimelineSection } from './timeline/timeline-section.tsx';

const EVERYTHING: Choice = { search: '', filters: new Set(), machine: undefined, sort: undefined };

export function App({ report }: { readonly report: PortsReport }) {
  const isPrinted = usePrinted();
  const isDark = useMedia('(prefers-color-scheme: dark)');
  const isForced = useMedia('(forced-colors: active)');
  const colors = useMemo(readColors, [isPrinted, isDark, isForced]);
  const selectedId = useSelectedTest();
  const selected = useMemo(() => report.tests.find(({ id }) => id === selectedId), [report, selectedId]);
  const timeline = useMemo(() => buildTimeline(report), [report]);
  const usage = useMemo(() => usageOf(timeline.bars), [timeline]);
  const rows = useMemo(() => rowsOf(report), [report]);
  const [momentMs, onMoment] = useState(timeline.endMs);
  const [choice, onChoice] = useState(EVERYTHING);
  useEffect(() => {
    // Whoever follows a link to a test wants to see it.
    if (selectedId !== undefined) document.querySelector('.timeline')?.scrollIntoView();
  }, []);
  const shared = { report, timeline, selectedId, momentMs, onMoment, colors, isPrinted };
  return (
    <>
      <a
        class="skip"
        href="#tests"
        onClick={(event) => {
          // The address names the chosen test.
          event.preventDefault();
          document.querySelector<HTMLElement>('#tests')?.focus();
        }}
      >
        Skip to the table of tests
      </a>
      <p class="unseen" role="status" aria-label="Chosen test">
        {selected !== undefined && `Chosen: ${titleOf(selected.titles)}`}
      </p>
      <div class={selectedId === undefined ? 'page' : 'page with-details'}>
        <main>
          <Header report={report} />
          <LookFirst report={report} isPrinted={isPrinted} />
          <TimelineSection {...shared} usage={usage} />
          <PoolSection {...shared} />
          <div id="tests" tabIndex={-1}>
            <TestsSection {...shared} rows={rows} choice={choice} onChoice={onChoice} />
          </div>
        </main>
        {selectedId !== undefined && (
          <Details report={report} originMs={timeline.originMs} testId={selectedId} test={selected} />
        )}
      </div>
    </>
  );
}
