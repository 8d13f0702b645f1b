/**
 * The differences between the decoders of KerasHub's large language models that their options do not tell:
 * the names of the layers within them, by which the weights are found, and a few ways of computing. Each
 * family has a row.
 */
import {snakeCase} from '../config/saved.js';

/** The attribute of the class in Python, in camelCase, and the name of the layer. */
export type Held = [attribute: string, name: string];

export interface Family {
  attention: Held;
  attentionNorm: Held;
  feedforwardNorm: Held;
  /** The two layers of the network whose results are multiplied, and the one after them. */
  gate: Held;
  up: Held;
  down: Held;
  /** Normalisations of what the two parts give, where options ask for them. */
  attentionPostNorm?: Held;
  feedforwardPostNorm?: Held;
  /** Normalisations of queries and keys, with their ε. */
  queryNorm?: Held;
  keyNorm?: Held;
  queryKeyEpsilon?: number;
  /** The products of the queries, and of the keys and values, in Einstein's notation. */
  equations: {query: string; key: string; output: string; feedforward: string};
  /** Whether the scale of a normalisation is 1 more than its weight: see `ScaleNormalization`. */
  addsOne: boolean;
  /** Whether a position that sees none takes nothing in every version of Keras. */
  wipesUnseeing: boolean;
  /** Whether attention's dropout is on the softmax's result, and not on what it gives. */
  dropsShares: boolean;
  /** Whether there is a dropout after the network, too. */
  dropsNetwork: boolean;
}

const same = (attribute: string): Held => [attribute, snakeCase(attribute)];

const network = {
  gate: same('feedforwardGateDense'),
  up: same('feedforwardIntermediateDense'),
  down: same('feedforwardOutputDense'),
};

const headsInside = {
  query: 'bqm,muh->bquh',
  key: 'bkm,mvh->bkvh',
  output: 'bquh,uhm->bqm',
  feedforward: 'btd,df->btf',
};

const mistral: Family = {
  attention: ['selfAttentionLayer', 'self_attention'],
  attentionNorm: same('selfAttentionLayernorm'),
  feedforwardNorm: same('feedforwardLayernorm'),
  ...network,
  queryNorm: ['queryDenseLayerNorm', 'query_dense_layernorm'],
  keyNorm: ['keyDenseLayerNorm', 'key_dense_layernorm'],
  queryKeyEpsilon: 1e-5,
  equations: headsInside,
  addsOne: false,
  wipesUnseeing: false,
  dropsShares: false,
  dropsNetwork: false,
};

export const FAMILIES = {
  mistral,
  phi3: {
    ...mistral,
    attention: same('attention'),
    attentionNorm: same('preAttentionLayernorm'),
    feedforwardNorm: same('postAttentionLayernorm'),
    dropsNetwork: true,
  },
  gemma: {
    attention: same('attention'),
    attentionNorm: same('preAttentionNorm'),
    attentionPostNorm: same('postAttentionNorm'),
    feedforwardNorm: same('preFfwNorm'),
    feedforwardPostNorm: same('postFfwNorm'),
    gate: ['gatingFfw', 'ffw_gating'],
    up: ['gatingFfw2', 'ffw_gating_2'],
    down: same('ffwLinear'),
    queryNorm: same('queryNorm'),
    keyNorm: same('keyNorm'),
    queryKeyEpsilon: 1e-6,
    equations: {...headsInside, query: 'btd,ndh->btnh', key: 'bsd,kdh->bskh'},
    addsOne: true,
    wipesUnseeing: true,
    dropsShares: true,
    dropsNetwork: false,
  },
} satisfies Record<string, Family>;
