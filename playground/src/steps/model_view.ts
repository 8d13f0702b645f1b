/** The normalisation layers of a model: their γ and β, and what each does to an input. */
import * as Plot from '@observablehq/plot';
import * as tf from '@tensorflow/tfjs-core';
import type {LayerVariable, layers} from '@tensorflow/tfjs-layers';
import {tidyWhenReady} from '../support/backends.js';
import {Chart} from '../support/chart.js';
import {html} from '../support/dom.js';
import {fixed, short} from '../support/format.js';
import type {OpenedModel} from '../support/open_model.js';
import {listOf, runOf} from './model_run.js';

/** What a dimension of unknown size, such as the batch, has in the input made here. */
const UNKNOWN_SIZE = 8;
const INPUT_MEAN = 3;
const INPUT_SPREAD = 2;

type NormLayer = layers.Layer & {
  epsilon?: number;
  gamma?: LayerVariable | null;
  beta?: LayerVariable | null;
};

/** Fills `container`. @returns what is to be said of the model. */
export async function showModel(opened: OpenedModel, container: HTMLElement): Promise<string> {
  if (opened.kind === 'graph') {
    const {fused} = opened.model.metadata.layerNorm;
    opened.model.dispose();
    return (
      `A graph model. ${count(fused, 'layer normalisation')} in it now ` +
      `${fused === 1 ? 'runs' : 'run'} as one op each.`
    );
  }
  const {model} = opened;
  const norms = allLayers(model.layers).filter((layer) =>
    layer.getClassName().endsWith('Normalization'),
  );
  const said = `${model.name}: ${count(model.layers.length, 'layer')}, of which ${
    norms.length === 1 ? '1 normalises' : `${norms.length} normalise`
  }. ${await runOf(model)}`;
  container.append(listOf(model));
  for (const [i, layer] of norms.entries()) await showLayer(layer, i, container);
  model.dispose();
  return said;
}

const count = (n: number, noun: string) => `${n} ${noun}${n === 1 ? '' : 's'}`;

/** Those within models that are layers themselves, too. */
function allLayers(list: layers.Layer[]): NormLayer[] {
  return list.flatMap((layer) => {
    const inner = (layer as {layers?: layers.Layer[]}).layers;
    return inner ? allLayers(inner) : [layer as NormLayer];
  });
}

async function showLayer(layer: NormLayer, index: number, container: HTMLElement): Promise<void> {
  const epsilon = layer.epsilon === undefined ? '' : `, ε = ${layer.epsilon}`;
  const weights = html('div', {class: 'columns'});
  const effect = html('p', {class: 'effect'});
  container.append(
    html(
      'h4',
      {},
      layer.name,
      html('span', {class: 'small'}, ` ${layer.getClassName()}${epsilon}`),
    ),
    weights,
    effect,
  );
  for (const [symbol, weight] of [
    ['γ', layer.gamma],
    ['β', layer.beta],
  ] as const) {
    if (!weight) continue;
    const values = Array.from(await weight.read().data());
    const chart = html('div', {class: 'chart', style: '--height: 110px'});
    const range = `${fixed(Math.min(...values), 3)} to ${fixed(Math.max(...values), 3)}`;
    const caption = html('figcaption', {}, `${symbol}: ${count(values.length, 'value')}, ${range}`);
    weights.append(html('figure', {}, caption, chart));
    new Chart(chart).draw((width) => weightPicture(symbol, values, width));
  }
  effect.textContent = await effectOf(layer, index);
}

function weightPicture(symbol: string, values: number[], width: number): Plot.PlotOptions {
  const start = symbol === 'γ' ? 1 : 0;
  return {
    width,
    marginLeft: 36,
    marginRight: 4,
    marginTop: 8,
    marginBottom: 8,
    x: {axis: null, type: 'band', domain: values.map((_, i) => i), padding: 0.15},
    y: {label: null, ticks: 3, grid: true},
    ariaLabel: `${symbol} of the layer`,
    marks: [
      Plot.rectY(values, {
        x: (_, i) => i,
        y1: start,
        y2: (value) => value,
        fill: symbol === 'γ' ? 'var(--gamma)' : 'var(--beta)',
      }),
      Plot.ruleY([start], {stroke: 'var(--soft)'}),
    ],
  };
}

/** A random input goes through the layer alone. */
async function effectOf(layer: NormLayer, index: number): Promise<string> {
  const {shape} = layer.getInputAt(0) as {shape: (number | null)[]};
  const [input, output] = await tidyWhenReady(() => {
    const known = shape.map((size) => size ?? UNKNOWN_SIZE);
    const x = tf.randomNormal(known, INPUT_MEAN, INPUT_SPREAD, 'float32', index + 1);
    const y = layer.apply(x) as tf.Tensor;
    return [x, y].map((tensor) => {
      const {mean, variance} = tf.moments(tensor);
      return tf.stack([mean, tf.sqrt(variance)]);
    });
  });
  const [before, after] = [await input.data(), await output.data()];
  tf.dispose([input, output]);
  const told = ([mean, spread]: ArrayLike<number> & Iterable<number>) =>
    `mean ${fixed(mean)}, spread ${short(spread)}`;
  return `A random input of shape [${shape.map((size) => size ?? 'any')}]: ${told(before)} → ${told(after)}.`;
}
