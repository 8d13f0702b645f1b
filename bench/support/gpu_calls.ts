/** Counts what a GPU backend of tfjs asks of the GPU: how often, and how many bytes that moves. */

import type {Backend} from '../../tools/backends.mjs';
import type {GpuCallCounter, GpuCalls, Kind, Tfjs} from '../types.js';

// biome-ignore lint/suspicious/noExplicitAny: methods of any kind are wrapped
type Methods = Record<string, (...args: any[]) => any>;

/** The methods that start work, draw calls or dispatches, by backend. */
const COUNTED: Partial<Record<Backend, () => [object, string][]>> = {
  webgl: () => [
    [WebGL2RenderingContext.prototype, 'drawArrays'],
    [WebGL2RenderingContext.prototype, 'drawElements'],
  ],
  webgpu: () => [
    [GPUComputePassEncoder.prototype, 'dispatchWorkgroups'],
    [GPUComputePassEncoder.prototype, 'dispatchWorkgroupsIndirect'],
  ],
};

/** The method that runs one program, given the program, its inputs and more, by backend. */
const RUN_PROGRAM: Partial<Record<Backend, string>> = {
  webgl: 'runWebGLProgram',
  webgpu: 'runWebGPUProgram',
};

/**
 * Makes a counter of GPU calls.
 *
 * @param backend the current one when the counter is used
 * @returns the counter, which counts while a function runs; nothing for a backend that uses no GPU.
 *   The bytes are those of the tensors that each program is given and gives, each once to a program,
 *   however often a texel of it is read.
 */
export function gpuCallCounter(tf: Tfjs, backend: Backend): GpuCallCounter | undefined {
  const [methods, runProgram] = [COUNTED[backend], RUN_PROGRAM[backend]];
  if (!methods || !runProgram) return undefined;
  const counted: GpuCalls = {calls: 0, bytes: 0};
  for (const [prototype, method] of methods() as [Methods, string][]) {
    const original = prototype[method];
    prototype[method] = function count(...args) {
      counted.calls++;
      return original.apply(this, args);
    };
  }
  return (run) => {
    Object.assign(counted, {calls: 0, bytes: 0});
    const stopCounting = countBytes(tf.backend() as unknown as Methods, runProgram, counted);
    run();
    stopCounting();
    return {...counted};
  };
}

function countBytes(instance: Methods, method: string, counted: GpuCalls): () => void {
  const original = instance[method];
  const bytesOf = ({shape}: {shape: number[]}) => 4 * sizeOf(shape);
  instance[method] = function count(program, inputs, ...args) {
    const output = original.call(this, program, inputs, ...args);
    for (const tensor of [...inputs, output]) counted.bytes += bytesOf(tensor);
    return output;
  };
  return () => {
    delete instance[method]; // the prototype's is there again
  };
}

/** So many tensors of the size of x a kernel must at least read and write. */
const TENSORS: Record<Kind, number> = {forward: 2, backward: 5, sum: 4};

/**
 * The bytes of the least that has to be moved: forward x is read and y written; backward dy and x
 * are read and dx is written. γ, β, their gradients and the statistics are small beside these.
 */
export function leastBytes(shape: number[], kind: Kind): number {
  const bytes = 4 * sizeOf(shape);
  return TENSORS[kind] * bytes;
}

function sizeOf(shape: number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
