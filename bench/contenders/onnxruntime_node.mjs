/** onnxruntime-node with ONNX's operator LayerNormalization; it offers no gradient. */
import {layerNormModel} from '../support/onnx_model.mjs';
import {onnxWork} from './onnx.mjs';

export const onnxRuntimeNode = {
  name: 'onnxruntime',
  label: 'onnxruntime-node',
  peer: 'onnxruntime',
  kinds: ['forward'],
  async create({threads}) {
    const {default: ort} = await import('onnxruntime-node');
    const options = {
      executionProviders: ['cpu'],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      graphOptimizationLevel: 'all',
    };
    return {
      prepare: ({shape, data, epsilon}) =>
        onnxWork(ort, layerNormModel(shape, epsilon), options, {shape, data, keepsOutput: true}),
    };
  },
};
