/** What the bars of the timeline mean. */
import type { Bar } from '../../model/timeline.ts';
import { Picture } from '../picture.tsx';
import { type Colors } from './colors.ts';
import { drawBar } from './draw-bar.ts';

const SAMPLE_PX = 34;

type Sample = readonly [name: string, sample: Sampled];

interface Sampled {
  readonly isShared?: boolean;
  readonly waits?: boolean;
  readonly state?: Bar['use']['state'];
  readonly borrowed?: boolean;
  readonly server?: boolean;
}

const SAMPLES: readonly Sample[] = [
  ['port of a test', {}],
  ['shared port', { isShared: true }],
  ['waited', { waits: true }],
  ['server starts, is ready', { server: true }],
  ['borrowed', { borrowed: true }],
  ['sealed', { state: 'sealed' }],
  ['leaked', { state: 'leaked' }],
];

export function Legend({ colors }: { readonly colors: Colors }) {
  return (
    <ul class="legend" aria-label="Legend">
      {SAMPLES.map(([name, sample]) => (
        <li key={name}>
          <Picture
            widthPx={SAMPLE_PX}
            heightPx={18}
            draw={(context) => {
              context.clearRect(0, 0, SAMPLE_PX, 18);
              drawBar(context, barOf(sample), 2, (atMs) => atMs, colors);
            }}
          />
          {name}
        </li>
      ))}
    </ul>
  );
}

/** Its milliseconds are pixels. */
function barOf({ isShared, waits, state = 'free', borrowed = false, server = false }: Sampled): Bar {
  const use = {
    port: 0,
    fixture: '',
    slice: undefined,
    borrowed,
    waitedMs: 0,
    acquiredAtMs: 0,
    releasedAtMs: 0,
    state,
    leakedBy: [],
  };
  return {
    use,
    machine: 0,
    worker: 0,
    test: isShared ? undefined : ({} as NonNullable<Bar['test']>),
    shared: undefined,
    server: undefined,
    fromMs: 2,
    heldFromMs: waits ? 18 : 2,
    toMs: state === 'leaked' ? 24 : 32,
    serverFromMs: server ? 2 : undefined,
    readyMs: server ? 16 : undefined,
  };
}
