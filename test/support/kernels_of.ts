import {tf} from '../backends/current.js';

/** The names of the kernels that tfjs runs, a Transpose with its permutation. */
export function kernelsOf(run: () => unknown): string[] {
  const engine = tf.engine() as unknown as {
    runKernel(name: string, inputs: unknown, attrs?: {perm?: number[]}): unknown;
  };
  const original = engine.runKernel;
  const names: string[] = [];
  engine.runKernel = function (name, inputs, attrs) {
    names.push(name === 'Transpose' ? `Transpose ${attrs?.perm}` : name);
    return original.call(this, name, inputs, attrs);
  };
  try {
    run();
  } finally {
    engine.runKernel = original;
  }
  return names;
}
