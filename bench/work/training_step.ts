/**
 * A training step of a transformer encoder of 12 blocks: forward, backward, and the update of all
 * weights. Two encoders, alike but for the layer that normalises, twice in each block.
 */
import type {Backend} from '../../tools/backends.mjs';
import type {CreateLayer} from '../contenders/layers.js';
import {readOne} from '../contenders/tfjs.js';
import {timeInTurn} from '../support/timing.js';
import type {Context, PeerStep, Row, Runnable, Work} from '../types.js';
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

type Step = Pick<Work, 'time'> & {
  /** The loss of the first step: it tells whether all do the same work. */
  firstLoss: number;
  dispose(): void;
};

/**
 * Times a step with this package's layer, with the built-in one, and by the frameworks that the context
 * names.
 */
export async function measureTrainingStep(
  context: Context,
  contenders: Runnable[],
): Promise<{shape: number[]; rows: Row[]}> {
  const {tf, library, backend, limits, peerSteps = []} = context;
  const shape = STEP_SHAPES[backend];
  const layers: Record<string, CreateLayer> = {
    layer: library.layerNormalization,
    'built-in': tf.layers.layerNormalization,
  };
  const makers: [name: string, make: () => Promise<Step>][] = [
    ...contenders
      .filter(({name}) => layers[name])
      .map(({name}): (typeof makers)[0] => [name, () => ownStep(context, layers[name], shape)]),
    ...peerSteps.map((peer): (typeof makers)[0] => [
      peer.label,
      () => stepOfPeer(context, peer, shape),
    ]),
  ];
  const rows: Row[] = [];
  const ready: {name: string; row: Row; work: Step}[] = [];
  for (const [name, make] of makers) {
    const row: Row = {contender: name};
    rows.push(row);
    try {
      const work = await make();
      ready.push({name, row, work});
      row.error = Math.abs(work.firstLoss / ready[0].work.firstLoss - 1);
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

async function ownStep(context: Context, createLayer: CreateLayer, shape: Shape): Promise<Step> {
  const {tf} = context;
  const encoder = createEncoder(context, {createLayer, shape, blocks: BLOCKS});
  const step = async () => {
    const cost = encoder.step();
    const value = (await cost.data())[0];
    cost.dispose();
    if (!Number.isFinite(value)) throw new Error(`The loss became ${value}.`);
    // The loss is ready before the update is: that is done when a weight can be read.
    await readOne(tf, encoder.variables[0]);
    return value;
  };
  return {
    firstLoss: await step(),
    async time(calls) {
      const start = performance.now();
      for (let i = 0; i < calls; i++) await step();
      return (performance.now() - start) / calls;
    },
    dispose: encoder.dispose,
  };
}

async function stepOfPeer(context: Context, peer: PeerStep, shape: Shape): Promise<Step> {
  const createLayer = context.library.layerNormalization;
  const encoder = createEncoder(context, {createLayer, shape, blocks: BLOCKS});
  const tensors = await Promise.all(
    [...encoder.variables, ...encoder.data].map(async (tensor) => ({
      shape: tensor.shape,
      values: Float32Array.from(await tensor.data()),
    })),
  );
  encoder.dispose();
  const work = await peer.create(context, tensors);
  const {losses} = await work.time(1);
  return {
    firstLoss: losses[0],
    time: async (calls) => (await work.time(calls)).ms,
    dispose: work.dispose,
  };
}
