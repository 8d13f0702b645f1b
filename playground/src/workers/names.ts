/** The training of step 5: a transformer that learns to write names. */
import * as tf from '@tensorflow/tfjs-core';
import {type BackendName, startBackend} from '../support/backends.js';
import {encode, type NameBatch, NameTransformer, type Placement} from './name_transformer.js';
import type {Trainer} from './serve_tasks.js';

const BATCH_SIZE = 16;
/** Names to test with; none of them is trained on. */
const TEST_NAMES = 200;
const TEST_EVERY = 20;
const WRITTEN = 6;
const LAST_STEP = 1500;

export interface NamesSettings {
  backend: BackendName;
  names: string;
  placement: Placement;
  depth: number;
  seed: number;
  learningRate: number;
}

export interface NamesReport {
  step: number;
  loss: number;
  /** Not in every report. */
  test?: {
    loss: number;
    written: {name: string; isKnown: boolean}[];
    norms: {name: string; gamma: number[]; beta: number[]}[];
  };
}

class NamesTraining implements Trainer<NamesReport> {
  private stepsDone = 0;
  private readonly train: string[];
  private readonly test: NameBatch;
  private readonly known: Set<string>;
  private readonly model: NameTransformer;

  constructor(
    names: string[],
    private readonly settings: NamesSettings,
  ) {
    this.known = new Set(names);
    // The list is in alphabetical order: every 30th name tests all letters alike.
    const every = Math.floor(names.length / TEST_NAMES);
    this.train = names.filter((_, i) => i % every !== 0);
    this.test = encode(names.filter((_, i) => i % every === 0));
    this.model = new NameTransformer(settings);
  }

  async step(): Promise<NamesReport | null> {
    if (this.stepsDone === LAST_STEP) return null;
    const step = ++this.stepsDone;
    const batch = encode(this.draw(step));
    const loss = await this.model.train(batch);
    tf.dispose([batch.inputs, batch.targets, batch.mask]);
    const tests = step === 1 || step % TEST_EVERY === 0;
    return {step, loss, test: tests ? await this.look(step) : undefined};
  }

  private draw(step: number): string[] {
    const seed = this.settings.seed * 100_003 + step;
    const places = tf.tidy(() =>
      tf.randomUniform([BATCH_SIZE], 0, this.train.length, 'float32', seed).dataSync(),
    );
    return Array.from(places, (place) => this.train[Math.floor(place)]);
  }

  private async look(step: number): Promise<NamesReport['test']> {
    const names = await this.model.write(WRITTEN, this.settings.seed * 7919 + step * 31);
    return {
      loss: await this.model.evaluate(this.test),
      written: names.map((name) => ({name, isKnown: this.known.has(name)})),
      norms: await Promise.all(
        this.model.norms.map(async ({name, gamma, beta}) => ({
          name,
          gamma: Array.from(await gamma.data()),
          beta: Array.from(await beta.data()),
        })),
      ),
    };
  }
}

export async function create(settings: NamesSettings): Promise<Trainer<NamesReport>> {
  const [response] = await Promise.all([fetch(settings.names), startBackend(settings.backend)]);
  if (!response.ok) throw new Error(`The names could not be loaded (HTTP ${response.status}).`);
  return new NamesTraining((await response.text()).split('\n'), settings);
}
