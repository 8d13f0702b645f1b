/**
 * Graph models: those that the converter makes of SavedModels. Importing this registers the kernels,
 * their gradients and the ops of fused graphs.
 */
import {registerGradients} from '../gradients/register.js';
import {registerKernels} from '../kernels/register.js';
import {registerGate} from './control_inputs.js';
import {registerCustomOps} from './custom_ops.js';
import {registerSuppliedOps} from './ops/index.js';

registerKernels();
registerGradients();
registerCustomOps();
registerSuppliedOps();
registerGate();

export {type FusionReport, fuseGraph} from './fuse_graph.js';
export {type FusedGraphModel, loadGraphModel} from './load_graph_model.js';
export type {PatternName} from './match.js';
