/**
 * What a transformer block and a layer ask of tfjs, forward and in training: how many kernels, how many
 * calls of the GPU, and how much memory at the peak. None of it depends on how fast the machine is.
 */
import type {Tensor} from '@tensorflow/tfjs';
import {type CreateLayer, disposeWeights, variableOf} from '../contenders/layers.js';
import {readOne} from '../contenders/tfjs.js';
import type {Context, Cost, CostRow, CostsTask} from '../types.js';
import {createEncoder} from './encoder.js';
import {firstLine} from './layer_norm.js';

/** Work that is counted. What it gives is disposed of by the caller, all else by itself. */
interface Counted {
  forward(): Tensor[];
  training(): Tensor[];
  dispose(): void;
}

/** Counts with this package's layer and with the built-in one. */
export async function measureCosts(context: Context, task: CostsTask): Promise<CostRow[]> {
  const {tf, library} = context;
  const layers: Record<string, CreateLayer> = {
    layer: library.layerNormalization,
    'built-in': tf.layers.layerNormalization,
  };
  const rows: CostRow[] = [];
  for (const [contender, createLayer] of Object.entries(layers)) {
    const work = {block: prepareBlock, layer: prepareLayer}[task.of](context, createLayer, task);
    const row: CostRow = {contender};
    rows.push(row);
    try {
      row.forward = await costOf(context, work.forward, task);
      row.training = await costOf(context, work.training, task);
    } catch (error) {
      row.reason = firstLine(error);
    }
    work.dispose();
  }
  return rows;
}

function prepareBlock(context: Context, createLayer: CreateLayer, {shape}: CostsTask): Counted {
  const block = createEncoder(context, {createLayer, shape, blocks: 1});
  return {
    forward: () => [block.forward()],
    training: () => [block.step()],
    dispose: block.dispose,
  };
}

/** Prepares a layer under the loss Σy², with the gradients of x, γ and β. */
function prepareLayer({tf}: Context, createLayer: CreateLayer, {shape}: CostsTask): Counted {
  const layer = createLayer();
  layer.build(shape);
  const x = tf.randomNormal(shape, 0, 1, 'float32', 1);
  const weights = layer.trainableWeights.map(variableOf);
  const loss = () => tf.sum(tf.square(layer.apply(x) as Tensor));
  return {
    forward: () => [tf.tidy(() => layer.apply(x) as Tensor)],
    training: () => tf.tidy(() => tf.engine().gradients(loss, [x, ...weights]).grads),
    dispose() {
      x.dispose();
      disposeWeights(layer);
    },
  };
}

async function costOf(
  {tf, countCalls}: Context,
  run: () => Tensor[],
  {shape}: CostsTask,
): Promise<Cost> {
  let outputs = run(); // compiles shaders, and makes what is made once
  const disposeOutputs = async () => {
    await readOne(tf, outputs[0].flatten());
    tf.dispose(outputs);
  };
  await disposeOutputs();
  const again = () => {
    outputs = run();
  };
  const gpuCalls = countCalls?.(again).calls;
  if (countCalls) await disposeOutputs();
  const bytesBefore = tf.memory().numBytes;
  const {kernels, peakBytes} = await tf.profile(again);
  await disposeOutputs();
  const inputBytes = 4 * shape[0] * shape[1] * shape[2];
  return {kernels: kernels.length, gpuCalls, peak: (peakBytes - bytesBefore) / inputBytes};
}
