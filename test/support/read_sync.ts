/**
 * Makes `dataSync` right on `webgpu` in Firefox. tfjs reads the GPU's memory synchronously by drawing it
 * as pixels, the highest byte of a number as a pixel's alpha. Firefox gives another alpha back where a
 * colour is greater than it, so that numbers come out 4, 16 or 64 times too large. Whole numbers of 24
 * bits, whose alpha is 0, come out right: here the bits of each number are read as two of them.
 */
import {type WebGPUBackend, webgpu_util} from '@tensorflow/tfjs-backend-webgpu';
import type {DataId, TensorInfo} from '@tensorflow/tfjs-core';

type Program = Parameters<WebGPUBackend['runWebGPUProgram']>[0];
type Values = Float32Array | Int32Array | Uint8Array;

/** What is used of the backend, more than tfjs declares for others. */
interface Backend {
  tensorMap: {get(id: DataId): {values?: unknown; dtype: TensorInfo['dtype']; shape: number[]}};
  readSync(id: DataId): Values;
  runWebGPUProgram(program: Program, inputs: TensorInfo[], dtype: string): TensorInfo;
  disposeData(id: DataId): void;
  convertAndCacheOnCPU(id: DataId, values: Values): void;
}

const WORKGROUP: [number, number, number] = [64, 1, 1];

const mended = new WeakSet<object>();

/** @param backend the class of which is mended, for all of its objects */
export function mendReadSync(backend: WebGPUBackend): void {
  const prototype = Object.getPrototypeOf(backend) as Backend;
  if (mended.has(prototype)) return;
  mended.add(prototype);
  const readAsPixels = prototype.readSync;
  prototype.readSync = function (this: Backend, id: DataId) {
    const {values, dtype, shape} = this.tensorMap.get(id);
    const size = shape.reduce((product, length) => product * length, 1);
    if (values != null || size === 0 || (dtype !== 'float32' && dtype !== 'int32')) {
      return readAsPixels.call(this, id);
    }
    const input = {dataId: id, shape: [size], dtype};
    const halves = this.runWebGPUProgram(halvesOfBits(size, dtype), [input], 'int32');
    const read = readAsPixels.call(this, halves.dataId) as Int32Array;
    this.disposeData(halves.dataId);
    const bits = Int32Array.from({length: size}, (_, i) => read[i] | (read[size + i] << 24));
    const result = dtype === 'int32' ? bits : new Float32Array(bits.buffer);
    this.convertAndCacheOnCPU(id, result);
    return result;
  };
}

/** The lower 24 bits of each number, then the upper 8 of each: [2, size]. */
function halvesOfBits(size: number, dtype: string): Program {
  const outputShape = [2, size];
  const dispatchLayout = webgpu_util.flatDispatchLayout(outputShape);
  return {
    variableNames: ['x'],
    outputShape,
    dispatchLayout,
    dispatch: webgpu_util.computeDispatch(dispatchLayout, outputShape, WORKGROUP),
    workgroupSize: WORKGROUP,
    shaderKey: `halvesOfBits_${dtype}`,
    getUserCode: () => `
      fn main(index : i32) {
        let count = uniforms.xShape;
        if (index < count) {
          result[index] = bitcast<i32>(x[index]) & 0xffffff;
        } else if (index < 2 * count) {
          result[index] = (bitcast<i32>(x[index - count]) >> 24u) & 0xff;
        }
      }`,
  } as unknown as Program;
}
