/** The map of the pool: a cell for each port, with its slice and what it is at a moment; and the same in words. */
import { useMemo, useRef, useState } from 'preact/hooks';
import type { PoolReport, PortsReport } from '../../../../format.ts';
import { useSize } from '../../hooks/use-size.ts';
import { cellsOf } from '../../model/pool-cells.ts';
import type { Bar, Timeline } from '../../model/timeline.ts';
import { heldAt, isKept } from '../../model/usage.ts';
import { sharerOf } from '../../text/describe-bar.ts';
import { formatDuration, plural } from '../../text/format.ts';
import { shortMachineName } from '../../text/machine.ts';
import { titleOf, visible } from '../../text/visible.ts';
import { Picture } from '../picture.tsx';
import type { Colors } from '../timeline/colors.ts';
import { drawPool, gridOf, marksOf, pointedAt } from './draw-pool.ts';
import { PoolLegend } from './pool-legend.tsx';
import { PoolWords } from './pool-words.tsx';

interface PoolSectionProps {
  readonly report: PortsReport;
  readonly timeline: Timeline;
  readonly momentMs: number;
  readonly onMoment: (atMs: number) => void;
  readonly colors: Colors;
}

export function PoolSection(props: PoolSectionProps) {
  const { report, timeline, momentMs, onMoment, colors } = props;
  const withPool = report.machines.flatMap(({ pool }, index) => (pool === undefined ? [] : [index]));
  const [chosen, setMachine] = useState<number>();
  const machine = chosen ?? withPool[0] ?? 0;
  const pool = report.machines[machine]?.pool;
  const bars = useMemo(() => timeline.bars.filter((bar) => bar.machine === machine), [timeline, machine]);
  const held = useMemo(() => heldAt(bars, momentMs), [bars, momentMs]);
  const moment = momentMs >= timeline.endMs ? 'at the end' : `at ${formatDuration(momentMs)}`;
  return (
    <section aria-labelledby="pool-heading" class="pool">
      <div class="section-head">
        <h2 id="pool-heading">Pool</h2>
        <div class="tools">
          {withPool.length > 1 && (
            <select
              aria-label="Machine of the map"
              value={String(machine)}
              onChange={({ currentTarget: { value } }) => setMachine(Number(value))}
            >
              {withPool.map((index) => (
                <option key={index} value={String(index)}>
                  {shortMachineName(report, index)}
                </option>
              ))}
            </select>
          )}
          <label class="moment screen-only">
            Moment
            <input
              type="range"
              min={0}
              max={timeline.endMs}
              step={timeline.endMs / 1_000}
              value={momentMs}
              aria-valuetext={moment}
              onInput={({ currentTarget: { value } }) => onMoment(Number(value))}
            />
          </label>
          <span class="moment-text">
            {moment}: {plural(held.length, 'port')} held
          </span>
        </div>
        <PoolLegend colors={colors} />
      </div>
      {pool === undefined ? (
        <p class="calm">This run had no pool.</p>
      ) : (
        <>
          <PoolMap pool={pool} held={held} colors={colors} />
          <PoolWords pool={pool} held={held} moment={moment} />
        </>
      )}
    </section>
  );
}

interface PoolMapProps {
  readonly pool: PoolReport;
  readonly held: readonly Bar[];
  readonly colors: Colors;
}

function PoolMap({ pool, held, colors }: PoolMapProps) {
  const surface = useRef<HTMLDivElement>(null);
  const { widthPx } = useSize(surface);
  const cells = useMemo(() => cellsOf(pool), [pool]);
  const grid = gridOf(cells.length, widthPx);
  const holders = useMemo(() => new Map(held.map((bar) => [bar.use.port, bar])), [held]);
  const foreign = useMemo(() => new Set(pool.foreignListeners?.map(({ port }) => port)), [pool]);
  const marks = useMemo(() => marksOf(cells, holders, foreign), [cells, holders, foreign]);
  const [pointed, setPointed] = useState<number>();
  const cell = pointed === undefined ? undefined : cells[pointed];
  return (
    <div class="pool-map">
      <div
        ref={surface}
        onPointerMove={({ offsetX, offsetY }) => setPointed(pointedAt(grid, marks, offsetX, offsetY))}
        onPointerLeave={() => setPointed(undefined)}
      >
        <Picture
          widthPx={widthPx}
          heightPx={grid.heightPx}
          draw={(context) => drawPool(context, { cells, grid, marks, colors, pointed, widthPx })}
        />
      </div>
      <p class="pointed screen-only" aria-hidden="true">
        <bdi>
          {cell === undefined
            ? 'Point at a port to see what it is.'
            : visible(cellText(cell, holders.get(cell.port), foreign))}
        </bdi>
      </p>
    </div>
  );
}

function cellText(
  { port, slice, excluded }: ReturnType<typeof cellsOf>[number],
  holder: Bar | undefined,
  foreign: ReadonlySet<number>,
): string {
  const parts = [
    `Port ${port}`,
    excluded === undefined ? undefined : `excluded: ${excluded}`,
    slice === undefined ? undefined : slice === 0 ? 'slice 0, the run\u2019s own' : `slice ${slice}`,
    foreign.has(port) ? 'a foreign listener' : undefined,
    holder && `${isKept(holder.use.state) ? holder.use.state : 'held'} by ${holderName(holder)}`,
  ];
  return parts.filter((part) => part !== undefined).join(', ');
}

function holderName(bar: Bar): string {
  return bar.test === undefined ? sharerOf(bar) : titleOf(bar.test.titles);
}
