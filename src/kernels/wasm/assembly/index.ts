/** What the module exports. The build with SIMD computes four lanes at a time, that without one. */
export {addLayerNorm, layerNorm} from './layer_norm';
export {clear, layerNormGrad, roundSum} from './layer_norm_grad';
