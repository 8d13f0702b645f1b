/** What a matcher finds, and the op that takes its place. */
import type {NodeDef} from './graph_def.js';
import type {GraphIndex} from './graph_index.js';

/** The ops, as `custom_ops.ts` registers them. */
export const LAYER_NORM_OP = 'TfjsLayerNorm';
export const RMS_NORM_OP = 'TfjsRmsNorm';
export const RMS_SCALING_OP = 'TfjsRmsScaling';

const NORM_OPS: ReadonlySet<string> = new Set([LAYER_NORM_OP, RMS_NORM_OP, RMS_SCALING_OP]);

export function isNormOp(op: string): boolean {
  return NORM_OPS.has(op);
}

/** The forms in which normalisation is found in graphs; each has its file in `patterns/`. */
export type PatternName =
  | 'centred'
  | 'fusedBatchNorm'
  | 'keras2'
  | 'keras3'
  | 'onePass'
  | 'rmsNorm'
  | 'rmsScaling';

/** Which dimensions are normalised: listed; or the last ones, from one on or of so many elements. */
export type Extent = {axes: number[]} | {beginAxis: number} | {cols: number};

export interface Match {
  pattern: PatternName;
  op: typeof LAYER_NORM_OP | typeof RMS_NORM_OP | typeof RMS_SCALING_OP;
  /** The node whose value is the pattern's; it becomes the op. */
  root: NodeDef;
  /** The pattern's other nodes, which go. Constants and shapes are not among them. */
  inner: NodeDef[];
  /** Tensors, as references. gamma and beta broadcast against x. */
  x: string;
  gamma?: string;
  beta?: string;
  extent: Extent;
  epsilon: number;
  /** The elements of a row, where the graph divides sums by them: checked when it runs. */
  count?: number;
  /** Whether the variance is E[x²] − E[x]², which the number of a row's elements decides upon. */
  onePass?: boolean;
  /** Shape of the result, where it is not that of x; one dimension may be -1. */
  shape?: number[];
  /** A sum that loses one of its terms, of those in `inner`, to the op. */
  shortened?: {sum: NodeDef; term: NodeDef};
}

/** Looks whether the pattern with this node in its middle is there. */
export type Matcher = (node: NodeDef, graph: GraphIndex) => Match | undefined;
