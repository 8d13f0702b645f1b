/** A run of a whole model on an input made here, and the list of its layers. */
import * as tf from '@tensorflow/tfjs-core';
import type {LayersModel, layers, SymbolicTensor} from '@tensorflow/tfjs-layers';
import {tidyWhenReady} from '../support/backends.js';
import {html} from '../support/dom.js';
import {short} from '../support/format.js';

/** What a dimension of unknown size has in the input: a picture's sides, and any other. */
const UNKNOWN = {side: 64, other: 8};

/** What the model says to an input of random numbers, or why it cannot say anything. */
export async function runOf(model: LayersModel): Promise<string> {
  try {
    const start = performance.now();
    const outputs = await tidyWhenReady(() => {
      const inputs = model.inputs.map((input) => inputFor(input, model));
      return [model.predict(inputs.length === 1 ? inputs[0] : inputs)].flat();
    });
    const values = await Promise.all(outputs.map((output) => output.data()));
    const time = performance.now() - start;
    const told = outputs.map(({shape}, i) => `[${shape}], ${describe(values[i])}`);
    tf.dispose(outputs);
    return `A run on random numbers took ${short(time)} ms and gave ${told.join('; ')}.`;
  } catch (error) {
    return `It could not be run: ${(error as Error).message}`;
  }
}

function describe(values: ArrayLike<number>): string {
  const numbers = Array.from(values);
  const finite = numbers.filter(Number.isFinite);
  const lost = numbers.length - finite.length;
  if (lost) return `${lost} of ${numbers.length} values are not finite`;
  return `values from ${short(Math.min(...finite))} to ${short(Math.max(...finite))}`;
}

/** Words by their numbers where an Embedding looks them up, else normally distributed numbers. */
function inputFor(input: SymbolicTensor, model: LayersModel): tf.Tensor {
  const isPicture = input.shape.length === 4;
  const shape = input.shape.map((size, i) => {
    if (size != null) return size;
    return i > 0 && isPicture ? UNKNOWN.side : i > 0 ? UNKNOWN.other : 1;
  });
  const words = model.layers.filter(
    (layer) => layer.getClassName() === 'Embedding' && isGiven(layer, input),
  );
  const vocabularies = words.map((layer) => Number(layer.getConfig().inputDim));
  if (vocabularies.length || input.dtype === 'int32') {
    return tf.randomUniformInt(shape, 0, Math.min(...vocabularies, 100));
  }
  return tf.randomNormal(shape);
}

function isGiven(layer: layers.Layer, input: SymbolicTensor): boolean {
  return layer.inboundNodes.some(({inputTensors}) => inputTensors.includes(input));
}

/** A layer of several outputs has a list of their shapes. */
function shapesOf({outputShape}: layers.Layer): (number | null)[][] {
  const isList = Array.isArray(outputShape[0]);
  return (isList ? outputShape : [outputShape]) as (number | null)[][];
}

/** The layers in a list that opens. */
export function listOf(model: LayersModel): HTMLElement {
  const rows = model.layers.map((layer) => {
    const cells = [
      layer.name,
      layer.getClassName(),
      shapesOf(layer)
        .map((shape) => `[${shape.map((size) => size ?? 'any')}]`)
        .join(', '),
      layer.countParams().toLocaleString('en'),
    ];
    return html('tr', {}, ...cells.map((text) => html('td', {}, text)));
  });
  const head = ['layer', 'class', 'output', 'weights'];
  return html(
    'details',
    {},
    html('summary', {}, `All ${rows.length} layers`),
    html(
      'div',
      {class: 'scroll'},
      html(
        'table',
        {class: 'wide', id: 'model-list'},
        html('thead', {}, html('tr', {}, ...head.map((text) => html('th', {scope: 'col'}, text)))),
        html('tbody', {}, ...rows),
      ),
    ),
  );
}
