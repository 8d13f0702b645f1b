/** The benchmark of step 7: this package's layer and the built-in one, timed in turn. */
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import {layerNormalization} from 'tfjs-layernorm';
import {type BackendName, startBackend} from '../support/backends.js';
import type {Trainer} from './serve_tasks.js';

export type Pass = 'forward' | 'training';
export type Contender = 'builtIn' | 'ours';

export interface SpeedSettings {
  backend: BackendName;
  shapes: [number, number][];
}

export interface SpeedReport {
  shape: [number, number];
  pass: Pass;
  /** Milliseconds of a call: the median of the runs so far. */
  builtIn: number;
  ours: number;
  /** Steps done, of all. */
  done: number;
  all: number;
}

const ROUNDS = 7;
/** The clock of a page is coarse: calls that are quicker are timed several together. */
const SAMPLE_MS = 8;
const MOST_CALLS = 50;

/** One pass of one shape, with what both contenders need. */
interface Task {
  shape: [number, number];
  pass: Pass;
  contenders: Record<Contender, {call: () => tf.Tensor; calls: number; samples: number[]}>;
}

class Speed implements Trainer<SpeedReport> {
  private done = 0;
  private readonly tasks: Task[];

  constructor(shapes: [number, number][]) {
    this.tasks = shapes.flatMap((shape) => {
      const x = tf.variable(tf.randomNormal(shape, 0, 1, 'float32', 1));
      const dy = tf.randomNormal(shape, 0, 1, 'float32', 2);
      const layers = {builtIn: tfl.layers.layerNormalization(), ours: layerNormalization()};
      return (['forward', 'training'] as const).map((pass) => ({
        shape,
        pass,
        contenders: {
          builtIn: {call: callOf(layers.builtIn, pass, x, dy), calls: 0, samples: []},
          ours: {call: callOf(layers.ours, pass, x, dy), calls: 0, samples: []},
        },
      }));
    });
  }

  /** One round of one task; the first of each warms up, and finds how many calls to time together. */
  async step(): Promise<SpeedReport | null> {
    const all = this.tasks.length * (ROUNDS + 1);
    if (this.done === all) return null;
    const round = Math.floor(this.done / this.tasks.length);
    const {shape, pass, contenders} = this.tasks[this.done % this.tasks.length];
    const order: Contender[] = round % 2 === 0 ? ['builtIn', 'ours'] : ['ours', 'builtIn'];
    for (const name of order) {
      const contender = contenders[name];
      if (contender.calls === 0) {
        await time(contender.call, 1); // compiles
        const ms = await time(contender.call, 1);
        contender.calls = Math.min(MOST_CALLS, Math.max(1, Math.ceil(SAMPLE_MS / ms)));
        // Until there is a sample, the warm call is the best that is known.
        contender.samples = [ms];
      } else {
        if (round === 1) contender.samples = [];
        contender.samples.push(await time(contender.call, contender.calls));
      }
    }
    const medians = {
      builtIn: median(contenders.builtIn.samples),
      ours: median(contenders.ours.samples),
    };
    return {shape, pass, ...medians, done: ++this.done, all};
  }
}

/** What is timed; it gives a tensor that is there only when the work is done. */
function callOf(
  layer: tfl.layers.Layer,
  pass: Pass,
  x: tf.Variable,
  dy: tf.Tensor,
): () => tf.Tensor {
  const forward = () => layer.apply(x) as tf.Tensor;
  tf.tidy(forward); // builds the weights
  if (pass === 'forward') return () => tf.tidy(forward);
  const weights = layer.trainableWeights.map((weight) => weight.read() as tf.Variable);
  const loss = () => tf.sum(tf.mul(forward(), dy)) as tf.Scalar;
  return () => tf.tidy(() => tf.variableGrads(loss, [x, ...weights]).grads[x.name]);
}

/** Milliseconds of a call, as the mean of several; the last one's result is waited for. */
async function time(call: () => tf.Tensor, calls: number): Promise<number> {
  const start = performance.now();
  for (let i = 1; i < calls; i++) call().dispose();
  const last = call();
  const element = tf.tidy(() => tf.slice(tf.reshape(last, [-1]), [0], [1]));
  await element.data();
  const ms = (performance.now() - start) / calls;
  tf.dispose([last, element]);
  return Math.max(ms, 1e-3);
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export async function create(settings: SpeedSettings): Promise<Trainer<SpeedReport>> {
  await startBackend(settings.backend);
  return new Speed(settings.shapes);
}
