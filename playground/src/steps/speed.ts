/** Step 7: the benchmark, in the reader's own browser. */
import * as Plot from '@observablehq/plot';
import {onBackend} from '../support/backend_menu.js';
import {type BackendName, backendTitles} from '../support/backends.js';
import {Chart} from '../support/chart.js';
import {copyText} from '../support/copy_text.js';
import {find, html} from '../support/dom.js';
import {short} from '../support/format.js';
import {keepInAddress} from '../support/settings.js';
import {paced, Training} from '../support/training.js';
import type {SpeedReport, SpeedSettings} from '../workers/speed.js';

const shapes: Record<string, [number, number][]> = {
  small: [[64, 128]],
  all: [
    [64, 128],
    [512, 256],
    [1024, 768],
  ],
};

export function start(): void {
  const sizes = find<HTMLSelectElement>('#speed-sizes');
  keepInAddress(sizes, 'all');
  const chart = new Chart(find('#speed-chart'));
  let backend: BackendName = 'cpu';
  let results = new Map<string, SpeedReport>();
  let progress = '';

  const draw = paced(() => {
    find('#speed-progress').textContent = progress;
    const rows = shapes[sizes.value].flatMap((shape) =>
      (['forward', 'training'] as const).map((pass) => nameOf(shape, pass)),
    );
    chart.draw((width) => picture(rows, results, width));
    fillTable(rows, results);
    fillLine(rows, results, backend);
  });

  const training = new Training<SpeedSettings, SpeedReport>({
    controls: 'speed-controls',
    task: 'speed',
    settings: () => ({backend, shapes: shapes[sizes.value]}),
    onRestart: () => {
      results = new Map();
      progress = '';
      draw();
    },
    onReport: (report) => {
      results.set(nameOf(report.shape, report.pass), report);
      progress = `${Math.round((100 * report.done) / report.all)} %`;
      draw();
    },
  });
  sizes.addEventListener('change', () => training.restart());
  const copy = find<HTMLButtonElement>('#speed-copy');
  copy.addEventListener('click', () => copyText(copy, find('#speed-line')));
  onBackend((name) => {
    backend = name;
    training.restart();
  });
}

const nameOf = ([rows, columns]: [number, number], pass: string) => `${rows} × ${columns}, ${pass}`;

/** The ratios, on a scale where each step multiplies. */
function picture(
  rows: string[],
  results: Map<string, SpeedReport>,
  width: number,
): Plot.PlotOptions {
  const bars = rows.flatMap((name) => {
    const result = results.get(name);
    return result ? [{name, ratio: result.builtIn / result.ours}] : [];
  });
  const most = Math.max(10, ...bars.map(({ratio}) => ratio)) * (width < 480 ? 8 : 3);
  const least = Math.min(1, ...bars.map(({ratio}) => ratio));
  return {
    width,
    marginLeft: width < 480 ? 130 : 150,
    marginRight: 16,
    marginTop: 8,
    marginBottom: 40,
    x: {
      type: 'log',
      domain: [least, most],
      label: 'times as fast as the built-in layer',
      grid: true,
      ticks: width < 480 ? 1 : 4,
      tickFormat: (ratio: number) => `${ratio}×`,
    },
    y: {label: null, domain: rows, padding: 0.3},
    ariaLabel: 'How many times as fast as the built-in layer',
    marks: [
      Plot.ruleX([1], {stroke: 'var(--soft)'}),
      Plot.barX(bars, {x1: 1, x2: 'ratio', y: 'name', fill: 'var(--layer)', rx: 3}),
      Plot.text(bars, {
        x: ({ratio}) => Math.max(1, ratio),
        y: 'name',
        text: ({ratio}) => `${short(ratio)} ×`,
        textAnchor: 'start',
        dx: 6,
        fontWeight: 600,
        fontSize: 13,
      }),
    ],
  };
}

/** The result in one line that a reader can send in, once all of it is there. */
function fillLine(rows: string[], results: Map<string, SpeedReport>, backend: BackendName): void {
  const ratios = rows.flatMap((name) => {
    const result = results.get(name);
    return result ? [`${name}: ${short(result.builtIn / result.ours)} ×`] : [];
  });
  const isWhole = ratios.length === rows.length;
  find<HTMLButtonElement>('#speed-copy').disabled = !isWhole;
  const cores = `${navigator.hardwareConcurrency} cores`;
  const device = [backendTitles[backend], cores, navigator.userAgent].join('; ');
  find('#speed-line').textContent = isWhole ? `${ratios.join(', ')} (${device})` : '';
}

function fillTable(rows: string[], results: Map<string, SpeedReport>): void {
  const lines = rows.map((name) => {
    const result = results.get(name);
    const cells = result
      ? [short(result.builtIn), short(result.ours), `${short(result.builtIn / result.ours)} ×`]
      : ['–', '–', '–'];
    return html(
      'tr',
      {},
      html('th', {scope: 'row'}, name),
      ...cells.map((text) => html('td', {}, text)),
    );
  });
  find('#speed-table tbody').replaceChildren(...lines);
}
