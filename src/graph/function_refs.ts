/**
 * References in library functions: `name:output:0` names an output of a node as its op's definition
 * does. tfjs reads the number alone, and so takes `top_k:indices:0` for the values; `name:1` is read
 * rightly everywhere.
 */
import type {FunctionDef, NodeDef} from './graph_def.js';

/** The outputs of the ops that have several. The others have one, perhaps a list of tensors. */
const OUTPUTS: Readonly<Record<string, readonly string[]>> = {
  FusedBatchNorm: ['y', 'batch_mean', 'batch_variance', 'reserve_space_1', 'reserve_space_2'],
  FusedBatchNormV2: ['y', 'batch_mean', 'batch_variance', 'reserve_space_1', 'reserve_space_2'],
  FusedBatchNormV3: [
    ...['y', 'batch_mean', 'batch_variance'],
    ...['reserve_space_1', 'reserve_space_2', 'reserve_space_3'],
  ],
  ListDiff: ['out', 'idx'],
  MaxPoolWithArgmax: ['output', 'argmax'],
  Merge: ['output', 'value_index'],
  NonMaxSuppressionV4: ['selected_indices', 'valid_outputs'],
  NonMaxSuppressionV5: ['selected_indices', 'selected_scores', 'valid_outputs'],
  RaggedRange: ['rt_nested_splits', 'rt_dense_values'],
  SparseFillEmptyRows: [
    ...['output_indices', 'output_values', 'empty_row_indicator', 'reverse_index_map'],
  ],
  SparseReshape: ['output_indices', 'output_shape'],
  StringNGrams: ['ngrams', 'ngrams_splits'],
  StringSplit: ['indices', 'values', 'shape'],
  Switch: ['output_false', 'output_true'],
  TensorArrayConcatV3: ['value', 'lengths'],
  TensorArrayV3: ['handle', 'flow'],
  TensorListConcat: ['tensor', 'lengths'],
  TensorListConcatV2: ['tensor', 'lengths'],
  TensorListPopBack: ['output_handle', 'tensor'],
  TopKV2: ['values', 'indices'],
  Unique: ['y', 'idx'],
  UniqueV2: ['y', 'idx'],
};

/** The function with its references as those of a graph, and with lists for what it does not take. */
export function withGraphRefs(f: FunctionDef): FunctionDef {
  const {inputArg = [], outputArg = []} = f.signature ?? {};
  const signature = {...f.signature, inputArg, outputArg}; // tfjs fails where one is left out.
  if (!f.nodeDef) return {...f, signature};
  const byName = new Map(f.nodeDef.map((node) => [node.name, node]));
  const nodeDef = f.nodeDef.map(
    (node): NodeDef =>
      node.input ? {...node, input: node.input.map((ref) => graphRef(ref, byName))} : node,
  );
  const ret = Object.entries(f.ret ?? {}).map(([arg, ref]) => [arg, graphRef(ref, byName)]);
  return {...f, signature, nodeDef, ret: Object.fromEntries(ret)};
}

function graphRef(ref: string, byName: ReadonlyMap<string, NodeDef>): string {
  const [name, output, index] = ref.split(':');
  if (index === undefined) return ref;
  const outputs = OUTPUTS[byName.get(name)?.op ?? ''];
  const at = outputs ? outputs.indexOf(output) : Number(index);
  return at > 0 ? `${name}:${at}` : name;
}
