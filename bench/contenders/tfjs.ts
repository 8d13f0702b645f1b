/** What the contenders that are tensors of tfjs share: kept inputs, timing, reading back. */

import type {Tensor} from '@tensorflow/tfjs';
import type {Context, GpuCallCounter, Tfjs, Work} from '../types.js';

/**
 * Makes work of a function that gives tensors.
 *
 * @param inputs kept until `dispose`
 * @param run makes the outputs; all else it makes it has to dispose of
 * @param release disposes of what `inputs` does not name
 */
export function tfjsWork(
  {tf, onGpu}: Context,
  inputs: Tensor[],
  run: () => Tensor[],
  release: () => void = () => {},
): Work {
  return {
    async time(calls: number) {
      const start = performance.now();
      for (let i = 1; i < calls; i++) tf.dispose(run());
      const outputs = run();
      // A GPU only queues its work: done is what can be read.
      if (onGpu) await Promise.all(outputs.map((output) => readOne(tf, output)));
      tf.dispose(outputs);
      return (performance.now() - start) / calls;
    },
    /** What `counter` counts of one call, and nothing of the reading. */
    async countCalls(counter: GpuCallCounter) {
      let outputs: Tensor[] = [];
      const counted = counter(() => {
        outputs = run();
      });
      // Else it would be waited for in the next contender's time.
      await Promise.all(outputs.map((output) => readOne(tf, output)));
      tf.dispose(outputs);
      return counted;
    },
    async outputs() {
      const outputs = run();
      const values = await Promise.all(outputs.map((output) => output.data<'float32'>()));
      tf.dispose(outputs);
      return values;
    },
    dispose() {
      tf.dispose(inputs);
      release();
    },
  };
}

/** Resolves when the tensor is computed, which on a GPU only a read can tell. */
export async function readOne(tf: Tfjs, tensor: Tensor): Promise<void> {
  const first = tf.slice(
    tensor,
    tensor.shape.map(() => 0),
    tensor.shape.map(() => 1),
  );
  await first.data();
  first.dispose();
}
