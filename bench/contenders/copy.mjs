/**
 * A copy of the bytes of x by the means of the backend: no kernel that reads and writes its tensor
 * can be faster. A stock op as well, which tells what a call costs.
 */
import {tfjsWork} from './tfjs.mjs';

export const copy = {
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

/** By backend: from tf, a function from tensor to tensor. */
const copies = {
  cpu: (tf) => (x) => tf.tensor(x.dataSync().slice(), x.shape),
  wasm: (tf) => (x) => {
    const backend = tf.backend();
    const result = backend.makeOutput(x.shape, x.dtype);
    const {HEAPU8} = backend.wasm;
    const at = (tensor) => backend.dataIdMap.get(tensor.dataId).memoryOffset;
    HEAPU8.copyWithin(at(result), at(x), at(x) + 4 * x.size);
    return tf.engine().makeTensorFromTensorInfo(result);
  },
  tensorflow: (tf) => (x) => {
    const backend = tf.backend();
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
