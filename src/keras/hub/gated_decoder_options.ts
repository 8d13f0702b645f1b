import type {ActivationOption} from '../layers/activations/resolve.js';
import type {FAMILIES} from './decoder_families.js';

export interface GatedDecoderOptions {
  /** How layers are named, and what is computed otherwise: see `FAMILIES`. */
  family: keyof typeof FAMILIES;
  intermediateDim: number;
  /** What `intermediateDim` is divided by. Default: 1. */
  gateDimReduction: number;
  numQueryHeads: number;
  numKeyValueHeads: number;
  /** Default: the features, shared by the heads. */
  headDim: number | null;
  ropeMaxWavelength: number;
  ropeScalingFactor: number;
  /** Positions this far away or farther are not seen. Default: all before are. */
  slidingWindow: number | null;
  /** Scores are kept within ± this, by a tanh. Default: they are not. */
  logitSoftCap: number | null;
  useBias: boolean;
  useQueryKeyNorm: boolean;
  usePostAttentionNorm: boolean;
  usePostFfwNorm: boolean;
  activation: ActivationOption;
  layerNormEpsilon: number;
  dropout: number;
  /** Whether a position that sees none takes nothing, as `MultiHeadAttention` has it. */
  zeroUnseeing: boolean;
}

export const DEFAULTS: GatedDecoderOptions = {
  family: 'mistral',
  intermediateDim: 0,
  gateDimReduction: 1,
  numQueryHeads: 0,
  numKeyValueHeads: 0,
  headDim: null,
  ropeMaxWavelength: 10000,
  ropeScalingFactor: 1,
  slidingWindow: null,
  logitSoftCap: null,
  useBias: false,
  useQueryKeyNorm: false,
  usePostAttentionNorm: false,
  usePostFfwNorm: false,
  activation: 'swish' as ActivationOption,
  layerNormEpsilon: 1e-5,
  dropout: 0,
  zeroUnseeing: false,
};
