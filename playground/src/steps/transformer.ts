/** Step 5: a transformer that learns to write names, and what its γ and β become. */
import * as Plot from '@observablehq/plot';
import {dataAddress} from '../support/address.js';
import {onBackend} from '../support/backend_menu.js';
import type {BackendName} from '../support/backends.js';
import {Chart} from '../support/chart.js';
import {chosen, find, findAll, html} from '../support/dom.js';
import {fixed} from '../support/format.js';
import {keepInAddress} from '../support/settings.js';
import {smooth} from '../support/smooth.js';
import {paced, Training} from '../support/training.js';
import type {Placement} from '../workers/name_transformer.js';
import type {NamesReport, NamesSettings} from '../workers/names.js';

const placements: Placement[] = ['pre', 'post', 'none'];
const WRITTEN = 6;

type Losses = {step: number; loss: number}[];
type Test = NonNullable<NamesReport['test']>;

export function start(): void {
  const depth = find<HTMLSelectElement>('#names-depth');
  const rate = find<HTMLSelectElement>('#names-rate');
  const seed = find<HTMLInputElement>('#names-seed');
  keepInAddress(depth, '4');
  keepInAddress(rate, '0.01');
  keepInAddress(seed, '1');
  const lossChart = new Chart(find('#names-loss'));
  const gammaChart = new Chart(find('#names-gamma'));
  const betaChart = new Chart(find('#names-beta'));

  let backend: BackendName = 'cpu';
  /** The last run of each placement with the settings as they are. */
  let runs: Record<Placement, Losses> = {pre: [], post: [], none: []};
  let placement = chosen('names-placement') as Placement;
  let step = 0;
  let test: Test | undefined;

  const draw = paced(() => {
    find('#names-progress').textContent = test
      ? `Step ${step} of 1500, loss on names not trained on: ${fixed(test.loss)}`
      : `Step ${step} of 1500`;
    lossChart.draw((width) => lossPicture(runs, width));
    showWritten(test);
    const norms = test?.norms ?? [];
    const gammas = norms.map(({name, gamma}) => ({name, values: gamma}));
    const betas = norms.map(({name, beta}) => ({name, values: beta}));
    gammaChart.draw((width) => weightsPicture('γ', gammas, 1, width));
    betaChart.draw((width) => weightsPicture('β', betas, 0, width));
    find('#names-gamma-range').textContent = rangeOf(gammas);
    find('#names-beta-range').textContent = rangeOf(betas);
  });

  const training = new Training<NamesSettings, NamesReport>({
    controls: 'names-controls',
    task: 'names',
    settings: () => ({
      backend,
      names: dataAddress('names.txt'),
      placement,
      depth: Number(depth.value),
      learningRate: Number(rate.value),
      seed: Number(seed.value),
    }),
    onRestart: () => {
      placement = chosen('names-placement') as Placement;
      runs[placement] = [];
      step = 0;
      test = undefined;
      draw();
    },
    onReport: (report) => {
      step = report.step;
      runs[placement].push({step, loss: report.loss});
      test = report.test ?? test;
      draw();
    },
  });

  for (const radio of findAll('input[name="names-placement"]')) {
    radio.addEventListener('change', () => training.restart());
  }
  for (const input of [depth, rate, seed]) {
    input.addEventListener('change', () => {
      runs = {pre: [], post: [], none: []};
      training.restart();
    });
  }
  onBackend((name) => {
    backend = name;
    training.restart();
  });
}

function lossPicture(runs: Record<Placement, Losses>, width: number): Plot.PlotOptions {
  const points = placements.flatMap((kind) =>
    smooth(runs[kind].map(({loss}) => loss)).map((loss, i) => ({
      kind,
      loss,
      step: runs[kind][i].step,
    })),
  );
  const steps = Math.max(100, ...points.map(({step}) => step));
  return {
    width,
    marginLeft: 34,
    marginRight: 6,
    marginTop: 22,
    marginBottom: 32,
    x: {domain: [0, steps], ticks: 4, label: 'step'},
    y: {domain: [2, 4.5], ticks: 5, grid: true, label: 'loss', clamp: true},
    color: {domain: placements, range: ['var(--layer)', 'var(--post)', 'var(--none)']},
    ariaLabel: 'Loss of the transformer by training step',
    marks: [Plot.line(points, {x: 'step', y: 'loss', stroke: 'kind', z: 'kind', strokeWidth: 2})],
  };
}

function showWritten(test: Test | undefined): void {
  const written = test?.written ?? [];
  const items = Array.from({length: WRITTEN}, (_, i) => {
    const {name, isKnown} = written[i] ?? {name: '', isKnown: false};
    const shown = name === '' ? '–' : name[0].toUpperCase() + name.slice(1);
    return html('li', {}, shown + (isKnown ? ' ✓' : ''));
  });
  find('#names-written').replaceChildren(...items);
}

interface Weights {
  name: string;
  values: number[];
}

/** Rows of cells, as far from the value at the start as the colour is strong. */
function weightsPicture(
  symbol: string,
  weights: Weights[],
  start: number,
  width: number,
): Plot.PlotOptions {
  const cells = weights.flatMap(({name, values}) =>
    values.map((value, i) => ({name, feature: i + 1, value})),
  );
  const farthest = Math.max(0.05, ...cells.map(({value}) => Math.abs(value - start)));
  const isNarrow = width < 420;
  return {
    width,
    marginLeft: isNarrow ? 44 : 138,
    marginRight: 4,
    marginTop: 4,
    marginBottom: 18,
    x: {label: null, ticks: [1, 8, 16, 24, 32], type: 'band', domain: features, padding: 0.06},
    y: {
      label: null,
      domain: weights.map(({name}) => name),
      padding: 0.08,
      tickFormat: (name: string) => (isNarrow ? abbreviate(name) : name),
    },
    color: {type: 'identity'},
    ariaLabel: `${symbol} of each normalisation`,
    marks: [
      Plot.cell(cells, {
        x: 'feature',
        y: 'name',
        fill: ({value}) => colorOf((value - start) / farthest),
        title: ({name, feature, value}) =>
          `${name}, feature ${feature}: ${symbol} = ${fixed(value, 3)}`,
      }),
    ],
  };
}

const features = Array.from({length: 32}, (_, i) => i + 1);

/** −1 is low, 0 the value at the start, 1 high; the page's own colours change with light and dark. */
const colorOf = (share: number) =>
  `color-mix(in oklab, var(--${share < 0 ? 'low' : 'high'}) ${fixed(100 * Math.abs(share), 0)}%, var(--mid))`;

/** “block 2, attention” → “2 att” */
const abbreviate = (name: string) =>
  name.replace(/^block (\d+), (att|feed).*/, '$1 $2').replace('before the output', 'end');

function rangeOf(weights: Weights[]): string {
  const values = weights.flatMap((one) => one.values);
  if (values.length === 0) return '';
  return `from ${fixed(Math.min(...values))} to ${fixed(Math.max(...values))}`;
}
