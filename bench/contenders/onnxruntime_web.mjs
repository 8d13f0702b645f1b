/**
 * onnxruntime-web with ONNX's operator LayerNormalization; it offers no gradient. The context says
 * with which of its providers.
 */
import {layerNormModel} from '../support/onnx_model.mjs';
import {onnxWork} from './onnx.mjs';

export const onnxRuntimeWeb = {
  name: 'onnxruntime',
  label: 'onnxruntime-web',
  peer: 'onnxruntime',
  kinds: ['forward'],
  async create({threads, loadOnnxRuntime}) {
    const {ort, provider} = await loadOnnxRuntime();
    ort.env.wasm.numThreads = threads;
    ort.env.logLevel = 'error';
    const options = {executionProviders: [provider], graphOptimizationLevel: 'all'};
    return {
      prepare: ({shape, data, epsilon}) =>
        onnxWork(ort, layerNormModel(shape, epsilon), options, {shape, data, keepsOutput: false}),
    };
  },
};
