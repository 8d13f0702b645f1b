/**
 * A training step of a transformer encoder of 12 blocks: forward, backward, and the update of all
 * weights. Two encoders, alike but for the layer that normalises, twice in each block.
 */
import type {Backend} from '../../tools/backends.mjs';
import type {CreateLayer} from '../contenders/layers.js';
import {readOne} from '../contenders/tfjs.js';
import {timeInTurn} from '../support/timing.js';
import type {Context, Row, Runnable, Work} from '../types.js';
import {createEncoder, type Shape} from './encoder.js';
import {firstLine} from './layer_norm.js';

const BLOCKS = 12;

/** [batch, tokens, width], so that a step takes seconds at most. */
const STEP_SHAPES: Record<Backend, Shape> = {
  cpu: [2, 32, 64],
  wasm: [4, 64, 128],
  tensorflow: [8, 64, 256],
  webgl: [2, 64, 128],
  webgpu: [2, 64, 128],
};

type Step = Pick<Work, 'time'> & {dispose(): void};

/** Times a step with this package's layer and with the built-in one. */
export async function measureTrainingStep(
  context: Context,
  contenders: Runnable[],
): Promise<{shape: number[]; rows: Row[]}> {
  const {tf, library, backend, limits} = context;
  const shape = STEP_SHAPES[backend];
  const layers: Record<string, CreateLayer> = {
    layer: library.layerNormalization,
    'built-in': tf.layers.layerNormalization,
  };
  const rows: Row[] = [];
  const ready: {name: string; row: Row; work: Step}[] = [];
  for (const {name} of contenders) {
    if (!layers[name]) continue;
    const row: Row = {contender: name};
    rows.push(row);
    try {
      const work = createStep(context, layers[name], shape);
      await work.time(1);
      ready.push({name, row, work});
    } catch (error) {
      row.reason = firstLine(error);
    }
  }
  const times = await timeInTurn(ready, {...limits, rounds: Math.min(limits.rounds, 9)});
  for (const {name, row, work} of ready) {
    Object.assign(row, times.get(name));
    work.dispose();
  }
  return {shape, rows};
}

function createStep(context: Context, createLayer: CreateLayer, shape: Shape): Step {
  const {tf} = context;
  const encoder = createEncoder(context, {createLayer, shape, blocks: BLOCKS});
  return {
    async time(calls: number) {
      const start = performance.now();
      for (let i = 0; i < calls; i++) {
        const cost = encoder.step();
        const value = (await cost.data())[0];
        cost.dispose();
        if (!Number.isFinite(value)) throw new Error(`The loss became ${value}.`);
        // The loss is ready before the update is: that is done when a weight can be read.
        await readOne(tf, encoder.variables[0]);
      }
      return (performance.now() - start) / calls;
    },
    dispose: encoder.dispose,
  };
}
