/**
 * onnxruntime-web with ONNX's operator LayerNormalization, or with its own SkipLayerNormalization; it offers no gradient. The context says
 * with which of its providers.
 */
import type {InferenceSession} from 'onnxruntime-web';
import {modelFor} from '../support/onnx_model.js';
import type {Contender} from '../types.js';
import {onnxWork} from './onnx.js';

export const onnxRuntimeWeb: Contender = {
  name: 'onnxruntime',
  label: 'onnxruntime-web',
  peer: 'onnxruntime',
  kinds: ['forward', 'sum'],
  async create({threads, loadOnnxRuntime}) {
    const {ort, provider} = await loadOnnxRuntime();
    ort.env.wasm.numThreads = threads;
    ort.env.logLevel = 'error';
    const options: InferenceSession.SessionOptions = {
      executionProviders: [provider],
      graphOptimizationLevel: 'all',
    };
    return {
      prepare: ({shape, data, kind, epsilon}) =>
        onnxWork(ort, modelFor(kind, shape, epsilon), options, {
          shape,
          data,
          kind,
          keepsOutput: false,
        }),
    };
  },
};
