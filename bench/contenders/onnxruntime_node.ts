/** onnxruntime-node with ONNX's operator LayerNormalization, or with its own SkipLayerNormalization; it offers no gradient. */
import type {InferenceSession} from 'onnxruntime-node';
import {modelFor} from '../support/onnx_model.js';
import type {Contender} from '../types.js';
import {onnxWork} from './onnx.js';

export const onnxRuntimeNode: Contender = {
  name: 'onnxruntime',
  label: 'onnxruntime-node',
  peer: 'onnxruntime',
  kinds: ['forward', 'sum'],
  async create({threads}) {
    const {default: ort} = await import('onnxruntime-node');
    const options: InferenceSession.SessionOptions = {
      executionProviders: ['cpu'],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      graphOptimizationLevel: 'all',
    };
    return {
      prepare: ({shape, data, kind, epsilon}) =>
        onnxWork(ort, modelFor(kind, shape, epsilon), options, {
          shape,
          data,
          kind,
          keepsOutput: true,
        }),
    };
  },
};
