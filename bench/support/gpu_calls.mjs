/** Counts what a GPU backend of tfjs asks of the GPU: how often, and how many bytes that moves. */

/** By backend: the methods that start work, draw calls or dispatches. */
const COUNTED = {
  webgl: () => [
    [WebGL2RenderingContext.prototype, 'drawArrays'],
    [WebGL2RenderingContext.prototype, 'drawElements'],
  ],
  webgpu: () => [
    [GPUComputePassEncoder.prototype, 'dispatchWorkgroups'],
    [GPUComputePassEncoder.prototype, 'dispatchWorkgroupsIndirect'],
  ],
};

/** By backend: its method that runs one program, given the program, its inputs and more. */
const RUN_PROGRAM = {webgl: 'runWebGLProgram', webgpu: 'runWebGPUProgram'};

/**
 * @param {string} backend its name; it has to be the current one when the counter is used
 * @returns {((run: () => void) => {calls: number, bytes: number}) | undefined} counts while `run`
 *     runs; nothing for a backend that uses no GPU. `bytes`: of the tensors that each program is
 *     given and gives, each once to a program, however often a texel of it is read
 */
export function gpuCallCounter(tf, backend) {
  if (!COUNTED[backend]) return undefined;
  const counted = {calls: 0, bytes: 0};
  for (const [prototype, method] of COUNTED[backend]()) {
    const original = prototype[method];
    prototype[method] = function count(...args) {
      counted.calls++;
      return original.apply(this, args);
    };
  }
  return (run) => {
    Object.assign(counted, {calls: 0, bytes: 0});
    const stopCounting = countBytes(tf.backend(), RUN_PROGRAM[backend], counted);
    run();
    stopCounting();
    return {...counted};
  };
}

function countBytes(instance, method, counted) {
  const original = instance[method];
  const bytesOf = ({shape}) => 4 * shape.reduce((product, size) => product * size, 1);
  instance[method] = function count(program, inputs, ...args) {
    const output = original.call(this, program, inputs, ...args);
    for (const tensor of [...inputs, output]) counted.bytes += bytesOf(tensor);
    return output;
  };
  return () => {
    delete instance[method]; // the prototype's is there again
  };
}

/**
 * The bytes of the least that has to be moved: forward x is read and y written; backward dy and x
 * are read and dx is written. γ, β, their gradients and the statistics are small beside these.
 */
export function leastBytes(shape, kind) {
  const bytes = 4 * shape.reduce((product, size) => product * size, 1);
  return kind === 'forward' ? 2 * bytes : 5 * bytes;
}
