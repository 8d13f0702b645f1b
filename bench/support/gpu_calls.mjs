/** Counts what a GPU backend of tfjs asks of the GPU. */

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

/**
 * @returns {((run: () => void) => number) | undefined} counts the calls while `run` runs; nothing
 *     for a backend that uses no GPU
 */
export function gpuCallCounter(backend) {
  if (!COUNTED[backend]) return undefined;
  let count = 0;
  for (const [prototype, method] of COUNTED[backend]()) {
    const original = prototype[method];
    prototype[method] = function counted(...args) {
      count++;
      return original.apply(this, args);
    };
  }
  return (run) => {
    count = 0;
    run();
    return count;
  };
}
