/**
 * A copy of the bytes of x by the means of the backend: no kernel that reads and writes its tensor
 * can be faster. A stock op as well, which tells what a call costs.
 */
import type {DataId, Tensor, TensorInfo} from '@tensorflow/tfjs';
import type {Backend} from '../../tools/backends.mjs';
import type {Contender, Tfjs} from '../types.js';
import {tfjsWork} from './tfjs.js';

/** What the copy needs of tfjs's backend `wasm`. */
interface WasmBackend {
  makeOutput(shape: number[], dtype: string): TensorInfo;
  wasm: {HEAPU8: Uint8Array};
  dataIdMap: {get(dataId: DataId): {memoryOffset: number}};
}

/** What the copy needs of tfjs's backend `tensorflow`. */
interface TensorFlowBackend {
  binding: {TF_ATTR_TYPE: number; TF_FLOAT: number};
  executeSingleOutput(op: string, attrs: object[], inputs: Tensor[]): TensorInfo;
}

export const copy: Contender = {
  name: 'copy',
  label: 'copy of the same bytes',
  kinds: ['forward'],
  normalizes: false,
  create(context) {
    const {tf} = context;
    const copyOf = copies[context.backend](tf);
    return {
      prepare({shape, data}) {
        const x = tf.tensor(data.x, shape);
        return tfjsWork(context, [x], () => [copyOf(x)]);
      },
    };
  },
};

/** A function from tensor to tensor, made with tf, by backend. */
const copies: Record<Backend, (tf: Tfjs) => (x: Tensor) => Tensor> = {
  cpu: (tf) => (x) => tf.tensor(x.dataSync().slice(), x.shape),
  wasm: (tf) => (x) => {
    const backend = tf.backend() as unknown as WasmBackend;
    const result = backend.makeOutput(x.shape, x.dtype);
    const {HEAPU8} = backend.wasm;
    const at = (tensor: TensorInfo) => backend.dataIdMap.get(tensor.dataId).memoryOffset;
    HEAPU8.copyWithin(at(result), at(x), at(x) + 4 * x.size);
    return tf.engine().makeTensorFromTensorInfo(result);
  },
  tensorflow: (tf) => (x) => {
    const backend = tf.backend() as unknown as TensorFlowBackend;
    const attrs = [
      {name: 'T', type: backend.binding.TF_ATTR_TYPE, value: backend.binding.TF_FLOAT},
    ];
    return tf
      .engine()
      .makeTensorFromTensorInfo(backend.executeSingleOutput('DeepCopy', attrs, [x]));
  },
  // The least that a GPU backend does to read all and write all.
  webgl: (tf) => (x) => tf.neg(x),
  webgpu: (tf) => (x) => tf.neg(x),
};
