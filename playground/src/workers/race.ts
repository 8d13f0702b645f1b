/** The race of step 4: nine networks trained in turn, one step each, on the same digits. */
import * as tf from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import {type BackendName, startBackend} from '../support/backends.js';
import {batchOf, type Digits, fetchDigits} from './digits.js';
import {createNetwork, type Normalization} from './race_network.js';
import type {Trainer} from './serve_tasks.js';

const normalizations: Normalization[] = ['none', 'batch', 'layer'];
const batchSizes = [2, 8, 64];

/** Digits to measure the accuracy with; none of them is trained on. */
const TEST_DIGITS = 300;
const TEST_EVERY = 10;
const LAST_STEP = 400;

export interface RaceSettings {
  backend: BackendName;
  digits: string;
  depth: number;
  gain: number;
  seed: number;
  learningRate: number;
}

export interface RaceReport {
  step: number;
  results: {
    normalization: Normalization;
    batchSize: number;
    loss: number;
    /** On test digits; not in every report. */
    accuracy?: number;
  }[];
}

interface Contender {
  normalization: Normalization;
  batchSize: number;
  model: LayersModel;
}

class Race implements Trainer<RaceReport> {
  private stepsDone = 0;
  private readonly contenders: Contender[];
  private readonly test: {x: tf.Tensor2D; labels: Uint8Array};

  constructor(
    private readonly digits: Digits,
    private readonly settings: RaceSettings,
  ) {
    this.contenders = batchSizes.flatMap((batchSize) =>
      normalizations.map((normalization) => ({
        normalization,
        batchSize,
        model: createNetwork({...settings, normalization}),
      })),
    );
    const indices = Array.from({length: TEST_DIGITS}, (_, i) => digits.count - TEST_DIGITS + i);
    this.test = {
      x: batchOf(digits, indices).x,
      labels: digits.labels.slice(digits.count - TEST_DIGITS),
    };
  }

  async step(): Promise<RaceReport | null> {
    if (this.stepsDone === LAST_STEP) return null;
    const step = ++this.stepsDone;
    const tests = step === 1 || step % TEST_EVERY === 0;
    const results = [];
    for (const {normalization, batchSize, model} of this.contenders) {
      const {x, y} = this.batch(batchSize, step);
      const loss = (await model.trainOnBatch(x, y)) as number;
      tf.dispose([x, y]);
      const accuracy = tests ? await this.accuracy(model) : undefined;
      results.push({normalization, batchSize, loss, accuracy});
    }
    return {step, results};
  }

  /** The same for all contenders of a batch size. */
  private batch(size: number, step: number): {x: tf.Tensor2D; y: tf.Tensor2D} {
    const indices = tf.tidy(() => {
      const last = this.digits.count - TEST_DIGITS;
      const seed = this.settings.seed * 100_003 + step;
      return tf.randomUniform([size], 0, last, 'float32', seed).dataSync();
    });
    return batchOf(this.digits, indices.map(Math.floor));
  }

  private async accuracy(model: LayersModel): Promise<number> {
    const guesses = tf.tidy(() => tf.argMax(model.predict(this.test.x) as tf.Tensor, 1));
    const values = await guesses.data();
    guesses.dispose();
    const right = values.filter((value, i) => value === this.test.labels[i]).length;
    return right / values.length;
  }
}

export async function create(settings: RaceSettings): Promise<Trainer<RaceReport>> {
  const [digits] = await Promise.all([
    fetchDigits(settings.digits),
    startBackend(settings.backend),
  ]);
  return new Race(digits, settings);
}
