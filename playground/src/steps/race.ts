/** Step 4: the race of nine networks, drawn while they train in a worker. */
import * as Plot from '@observablehq/plot';
import {dataAddress} from '../support/address.js';
import {onBackend} from '../support/backend_menu.js';
import type {BackendName} from '../support/backends.js';
import {Chart} from '../support/chart.js';
import {find, findAll, html} from '../support/dom.js';
import {percent} from '../support/format.js';
import {keepInAddress} from '../support/settings.js';
import {smooth} from '../support/smooth.js';
import {paced, Training} from '../support/training.js';
import type {RaceReport, RaceSettings} from '../workers/race.js';

const batchSizes = [2, 8, 64];
const titles = {none: 'none', batch: 'batch', layer: 'layer'};
type Kind = keyof typeof titles;
const kinds = Object.keys(titles) as Kind[];

/** What is drawn of one network. */
interface Curve {
  kind: Kind;
  batchSize: number;
  losses: {step: number; loss: number}[];
  accuracies: {step: number; accuracy: number}[];
}

export function start(): void {
  const depth = find<HTMLSelectElement>('#race-depth');
  const gain = find<HTMLSelectElement>('#race-gain');
  const rate = find<HTMLSelectElement>('#race-rate');
  const seed = find<HTMLInputElement>('#race-seed');
  keepInAddress(depth, '6');
  keepInAddress(gain, '0.5');
  keepInAddress(rate, '0.001');
  keepInAddress(seed, '1');

  const charts = createCharts();
  let backend: BackendName = 'cpu';
  let curves: Curve[] = [];
  let step = 0;

  const draw = paced(() => {
    find('#race-progress').textContent = `Step ${step} of 400`;
    for (const {batchSize, loss, accuracy} of charts) {
      const shown = curves.filter((curve) => curve.batchSize === batchSize);
      loss.draw((width) => lossPicture(shown, width));
      accuracy.draw((width) => accuracyPicture(shown, width));
    }
    fillTable(curves);
  });

  const training = new Training<RaceSettings, RaceReport>({
    controls: 'race-controls',
    task: 'race',
    settings: () => ({
      backend,
      digits: dataAddress('digits.bin'),
      depth: Number(depth.value),
      gain: Number(gain.value),
      learningRate: Number(rate.value),
      seed: Number(seed.value),
    }),
    onRestart: () => {
      step = 0;
      curves = batchSizes.flatMap((batchSize) =>
        kinds.map((kind) => ({kind, batchSize, losses: [], accuracies: []})),
      );
      draw();
    },
    onReport: (report) => {
      step = report.step;
      for (const {normalization, batchSize, loss, accuracy} of report.results) {
        const curve = curves.find(
          (one) => one.kind === normalization && one.batchSize === batchSize,
        );
        curve?.losses.push({step, loss});
        if (accuracy !== undefined) curve?.accuracies.push({step, accuracy});
      }
      draw();
    },
  });

  for (const input of [depth, gain, rate, seed]) {
    input.addEventListener('change', () => training.restart());
  }
  onBackend((name) => {
    backend = name;
    training.restart();
  });
}

function createCharts(): {batchSize: number; loss: Chart; accuracy: Chart}[] {
  return findAll('#race-charts figure').map((figure) => ({
    batchSize: Number(figure.dataset.batch),
    loss: new Chart(find('[data-chart="loss"]', figure)),
    accuracy: new Chart(find('[data-chart="accuracy"]', figure)),
  }));
}

const shared = (width: number, curves: Curve[]): Plot.PlotOptions => ({
  width,
  marginLeft: 34,
  marginRight: 6,
  marginTop: 22,
  marginBottom: 22,
  x: {domain: [0, 400], ticks: [0, 200, 400], label: null},
  color: {domain: kinds, range: kinds.map((kind) => `var(--${kind})`)},
  ariaLabel: `Curves of ${curves.map(({kind}) => titles[kind]).join(', ')}`,
});

function lossPicture(curves: Curve[], width: number): Plot.PlotOptions {
  const points = curves.flatMap(({kind, losses}) =>
    smooth(losses.map(({loss}) => loss)).map((loss, i) => ({kind, loss, step: losses[i].step})),
  );
  return {
    ...shared(width, curves),
    y: {domain: [0, 3], ticks: 3, grid: true, label: 'loss', clamp: true},
    marks: [
      Plot.ruleY([0], {stroke: 'var(--soft)'}),
      Plot.line(points, {x: 'step', y: 'loss', stroke: 'kind', z: 'kind', strokeWidth: 2}),
    ],
  };
}

function accuracyPicture(curves: Curve[], width: number): Plot.PlotOptions {
  const points = curves.flatMap(({kind, accuracies}) =>
    accuracies.map((point) => ({...point, kind})),
  );
  return {
    ...shared(width, curves),
    y: {domain: [0, 1], ticks: 4, grid: true, label: 'read right', tickFormat: '.0%'},
    marks: [
      Plot.ruleY([0], {stroke: 'var(--soft)'}),
      Plot.line(points, {x: 'step', y: 'accuracy', stroke: 'kind', z: 'kind', strokeWidth: 2}),
    ],
  };
}

function fillTable(curves: Curve[]): void {
  const names = {none: 'no normalisation', batch: 'batch', layer: 'layer'};
  const rows = kinds.map((kind) => {
    const cells = batchSizes.map((batchSize) => {
      const curve = curves.find((one) => one.kind === kind && one.batchSize === batchSize);
      const last = curve?.accuracies.at(-1);
      return html('td', {}, last ? percent(last.accuracy) : '–');
    });
    return html('tr', {}, html('th', {scope: 'row', class: `of-${kind}`}, names[kind]), ...cells);
  });
  find('#race-table tbody').replaceChildren(...rows);
}
