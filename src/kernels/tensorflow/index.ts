/** The `tensorflow` backend (Node). Its kernels are the ops of the addon, where that can be loaded. */
import type {FusedBackend, Obstacle} from '../backend.js';
import {addLayerNorm} from './add_layer_norm.js';
import {addonFailure, type NodeJSKernelBackend} from './addon.js';
import {layerNorm} from './layer_norm.js';
import {layerNormGrad} from './layer_norm_grad.js';
import {onHost} from './on_host.js';

export const tensorflow: FusedBackend<NodeJSKernelBackend> = {
  name: 'tensorflow',
  kernels: {LayerNorm: layerNorm, LayerNormGrad: layerNormGrad, AddLayerNorm: addLayerNorm},
  onHost,
  obstacle,
};

function obstacle(backend: NodeJSKernelBackend | null): Obstacle | undefined {
  if (!backend) return {reason: 'it is not set up', standIn: 'composed'};
  if (backend.isGPUPackage) return {reason: 'its tensors are on the GPU', standIn: 'composed'};
  const failure = addonFailure();
  if (failure === null) return undefined;
  return {
    reason: `its addon could not be loaded: ${failure}`,
    standIn: 'cpu',
    advice:
      'The package holds it for the usual systems; elsewhere its install script compiles it, which ' +
      'takes a C compiler, make and Python 3. Let the script run: `npm install-scripts approve ' +
      'tfjs-layernorm && npm rebuild tfjs-layernorm`, `pnpm approve-builds`, or `bun pm trust ' +
      'tfjs-layernorm`.',
  };
}
