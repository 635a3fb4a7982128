/** What the map of the pool shows, in words. */
import type { VNode } from 'preact';
import type { PoolReport, PortRangeReport } from '../../../../format.ts';
import { hashOf } from '../../hooks/use-selected-test.ts';
import type { Bar } from '../../model/timeline.ts';
import { isKept } from '../../model/usage.ts';
import { processText, sharerOf } from '../../text/describe-bar.ts';
import { formatCount, formatRange } from '../../text/format.ts';
import { titleOf, visible } from '../../text/visible.ts';

interface PoolWordsProps {
  readonly pool: PoolReport;
  readonly held: readonly Bar[];
  readonly moment: string;
}

const MOST_LISTED = 200;

export function PoolWords({ pool, held, moment }: PoolWordsProps) {
  const { foreignListeners } = pool;
  return (
    <details class="words">
      <summary>The pool in words</summary>
      <div class="words-columns">
        <div>
          <h3>Slices</h3>
          <Slices pool={pool} held={held} />
        </div>
        <div>
          <h3>Held {moment}</h3>
          <List items={held} show={heldItem} />
        </div>
        <div>
          <h3>Foreign listeners</h3>
          {foreignListeners === undefined ? (
            <p>Not known.</p>
          ) : (
            <List
              items={foreignListeners}
              show={(listener) => textItem(`${listener.port}: ${processText(listener)}`)}
            />
          )}
          <h3>Excluded</h3>
          <List
            items={pool.excluded}
            show={(range) => textItem(`${formatRange(range)}: ${visible(range.reason, 120)}`)}
          />
        </div>
      </div>
    </details>
  );
}

function Slices({ pool, held }: Omit<PoolWordsProps, 'moment'>) {
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Slice</th>
          <th scope="col">Ports</th>
          <th scope="col" class="number">
            Count
          </th>
          <th scope="col" class="number">
            Held
          </th>
        </tr>
      </thead>
      <tbody>
        {pool.slices.map(({ number, ranges }) => (
          <tr key={number}>
            <th scope="row">{number === 0 ? '0 (the run)' : number}</th>
            <td>{ranges.map(formatRange).join(', ')}</td>
            <td class="number">{formatCount(countOf(ranges))}</td>
            <td class="number">{held.filter(({ use }) => isWithin(ranges, use.port)).length}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

interface ListProps<Item> {
  readonly items: readonly Item[];
  readonly show: (item: Item) => VNode;
}

function List<Item>({ items, show }: ListProps<Item>) {
  if (items.length === 0) return <p>None.</p>;
  return (
    <ul>
      {items.slice(0, MOST_LISTED).map((item) => show(item))}
      {items.length > MOST_LISTED && <li>and {formatCount(items.length - MOST_LISTED)} more</li>}
    </ul>
  );
}

function textItem(text: string): VNode {
  return (
    <li key={text}>
      <bdi>{text}</bdi>
    </li>
  );
}

function heldItem(bar: Bar): VNode {
  return (
    <li key={`${bar.use.port}/${bar.fromMs}`}>
      {bar.use.port}: {holder(bar)}
      {isKept(bar.use.state) ? `, ${bar.use.state}` : ''}
    </li>
  );
}

function holder(bar: Bar) {
  if (bar.test === undefined) return <bdi>{sharerOf(bar)}</bdi>;
  const { test } = bar;
  return (
    <a href={hashOf(test.id)}>
      <bdi>{titleOf(test.titles, 120)}</bdi>
    </a>
  );
}

function countOf(ranges: readonly PortRangeReport[]): number {
  return ranges.reduce((sum, { firstPort, lastPort }) => sum + lastPort - firstPort + 1, 0);
}

function isWithin(ranges: readonly PortRangeReport[], port: number): boolean {
  return ranges.some(({ firstPort, lastPort }) => firstPort <= port && port <= lastPort);
}
