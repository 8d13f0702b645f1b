/** What becomes of a model of Keras: the words that docs/models.md has for it. */
import type * as tfjs from '@tensorflow/tfjs';
import {maxError} from '../../test/support/close.js';

/** A model is right where no value is further off than this, relative to the largest, or to 1 if that is more. */
const TOLERANCE = 1e-5;

export interface Verdict {
  /** refused: it does not load; throws: it loads, and does not run. */
  verdict: 'right' | 'wrong' | 'refused' | 'throws';
  /** The error's own words. */
  reason?: string;
}

/** What a loader makes of a model of Keras, and what there is to hold it against. */
export interface KerasTask {
  load: () => Promise<tfjs.LayersModel>;
  xs: tfjs.Tensor[];
  ys: {shape: number[]; values: number[]}[];
}

/** Loads a model and runs it. The inputs are disposed. */
export async function judge(tf: typeof tfjs, {load, xs, ys}: KerasTask): Promise<Verdict> {
  let model: tfjs.LayersModel | undefined;
  try {
    model = await load();
    const found = [model.predict(xs.length > 1 ? xs : xs[0], {batchSize: 1024})].flat();
    const isRight = found.every((y, i) => {
      const sameShape = String(y.shape) === String(ys[i].shape);
      return sameShape && maxError(y.dataSync(), ys[i].values, undefined, 1) <= TOLERANCE;
    });
    tf.dispose(found);
    return {verdict: isRight && found.length === ys.length ? 'right' : 'wrong'};
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return {verdict: model ? 'throws' : 'refused', reason};
  } finally {
    tf.dispose(xs);
    try {
      model?.dispose();
    } catch {
      // tfjs cannot dispose all that it has built.
    }
  }
}
