/** Step 1: activations drift from layer to layer, and normalised they do not. */
import * as Plot from '@observablehq/plot';
import * as tf from '@tensorflow/tfjs-core';
import {layerNorm} from 'tfjs-layernorm';
import {onBackend} from '../support/backend_menu.js';
import {tidyWhenReady} from '../support/backends.js';
import {Chart} from '../support/chart.js';
import {find} from '../support/dom.js';
import {fixed, short} from '../support/format.js';
import {latest} from '../support/latest.js';
import {keepInAddress} from '../support/settings.js';
import {startEverydayPictures} from './everyday.js';

const WIDTH = 64;
const SAMPLES = 32;
const BINS = 41;
/** The pictures show −EDGE to EDGE. */
const EDGE = 4;

const KINDS = ['without', 'with layer normalisation'];

interface Histogram {
  kind: string;
  layer: number;
  spread: number;
  /** [BINS], the fullest bin 1. */
  bins: number[];
}

export function start(): void {
  startEverydayPictures();
  const gain = find<HTMLInputElement>('#why-gain');
  const depth = find<HTMLInputElement>('#why-depth');
  const chart = new Chart(find('#why-chart'));
  let seed = 1;
  keepInAddress(gain, '0.8');
  keepInAddress(depth, '10');

  const draw = latest(async () => {
    find('#why-gain-shown').textContent = `× ${fixed(gain.valueAsNumber)}`;
    find('#why-depth-shown').textContent = depth.value;
    const settings = {gain: gain.valueAsNumber, depth: depth.valueAsNumber, seed};
    const without = await histograms({...settings, normalize: false});
    const normalized = await histograms({...settings, normalize: true});
    chart.draw((width) => picture([...without, ...normalized], width));
    const spread = (all: Histogram[]) =>
      `${short(all[0].spread)} → ${short(all.at(-1)?.spread ?? 0)}`;
    find('#why-result').textContent =
      `Spread from the first layer to the last: ${spread(without)} without, ` +
      `${spread(normalized)} with layer normalisation.`;
  });
  gain.addEventListener('input', draw);
  depth.addEventListener('input', draw);
  find('#why-again').addEventListener('click', () => {
    seed++;
    draw();
  });
  onBackend(draw);
}

/** Of each layer's activations, before the ReLU; the same weights for the same seed. */
async function histograms(settings: {
  gain: number;
  depth: number;
  seed: number;
  normalize: boolean;
}): Promise<Histogram[]> {
  const {gain, depth, seed, normalize} = settings;
  const layers = await tidyWhenReady(() => {
    // With gain 1 the spread stays about the same (He et al. 2015).
    const deviation = gain * Math.sqrt(2 / WIDTH);
    let x: tf.Tensor = tf.randomNormal([SAMPLES, WIDTH], 0, 1, 'float32', seed * 100);
    return Array.from({length: depth}, (_, i) => {
      const weights = tf.randomNormal([WIDTH, WIDTH], 0, deviation, 'float32', seed * 100 + i + 1);
      const product = tf.matMul(x as tf.Tensor2D, weights as tf.Tensor2D);
      const activations = normalize ? layerNorm(product) : product;
      x = tf.relu(activations);
      return activations;
    });
  });
  const values = await Promise.all(layers.map((layer) => layer.data()));
  tf.dispose(layers);
  return values.map((activations, i) => ({
    kind: KINDS[Number(normalize)],
    layer: i + 1,
    ...histogram(activations),
  }));
}

function histogram(values: ArrayLike<number>): {spread: number; bins: number[]} {
  const bins = Array<number>(BINS).fill(0);
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < values.length; i++) {
    const place = Math.round(((values[i] + EDGE) / (2 * EDGE)) * (BINS - 1));
    bins[Math.min(BINS - 1, Math.max(0, place))]++;
    sum += values[i];
    squares += values[i] ** 2;
  }
  const fullest = Math.max(...bins);
  return {
    spread: Math.sqrt(squares / values.length - (sum / values.length) ** 2),
    bins: bins.map((count) => count / fullest),
  };
}

/** A row for each layer, a column without and one with normalisation. */
function picture(all: Histogram[], width: number): Plot.PlotOptions {
  const step = (2 * EDGE) / (BINS - 1);
  const bars = all.flatMap(({kind, layer, bins}) =>
    bins.map((height, i) => ({kind, layer, height, x: -EDGE + i * step})),
  );
  return {
    marginLeft: width < 480 ? 22 : 62,
    marginRight: 8,
    marginTop: 28,
    marginBottom: 34,
    x: {label: null, ticks: [-4, -2, 0, 2, 4]},
    y: {axis: null, domain: [0, 1.15]},
    fx: {label: null, domain: KINDS, padding: 0.06},
    fy: {
      label: null,
      padding: 0.12,
      tickFormat: (layer: number) => (width < 480 ? `${layer}` : `layer ${layer}`),
      axis: 'left',
    },
    color: {domain: KINDS, range: ['var(--none)', 'var(--layer)']},
    ariaLabel: 'Histograms of the activations of each layer, without and with layer normalisation',
    marks: [
      Plot.ruleX([0], {stroke: 'var(--line)'}),
      Plot.rect(bars, {
        x1: (bar) => bar.x - step / 2,
        x2: (bar) => bar.x + step / 2,
        y1: 0,
        y2: 'height',
        fx: 'kind',
        fy: 'layer',
        fill: 'kind',
      }),
      Plot.ruleY([0], {stroke: 'var(--line)'}),
      Plot.text(all, {
        fx: 'kind',
        fy: 'layer',
        text: ({spread}: Histogram) => short(spread),
        frameAnchor: 'top-right',
        dx: -2,
        dy: 1,
        fontVariant: 'tabular-nums',
      }),
    ],
  };
}
