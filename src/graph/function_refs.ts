/**
 * References in library functions: `name:output:0` names an output of a node as its op's definition
 * does. tfjs reads the number alone, and so takes `top_k:indices:0` for the values; `name:1` is read
 * rightly everywhere.
 */
import type {FunctionDef, NodeDef} from './graph_def.js';

/** The outputs after the first of the ops that have several. The others have one, perhaps a list of tensors. */
const FURTHER_OUTPUTS = new Map<string | undefined, readonly string[]>(
  Object.entries({
    FusedBatchNorm: ['batch_mean', 'batch_variance', 'reserve_space_1', 'reserve_space_2'],
    FusedBatchNormV2: ['batch_mean', 'batch_variance', 'reserve_space_1', 'reserve_space_2'],
    FusedBatchNormV3: [
      ...['batch_mean', 'batch_variance'],
      ...['reserve_space_1', 'reserve_space_2', 'reserve_space_3'],
    ],
    ListDiff: ['idx'],
    MaxPoolWithArgmax: ['argmax'],
    Merge: ['value_index'],
    NonMaxSuppressionV4: ['valid_outputs'],
    NonMaxSuppressionV5: ['selected_scores', 'valid_outputs'],
    RaggedRange: ['rt_dense_values'],
    SparseFillEmptyRows: ['output_values', 'empty_row_indicator', 'reverse_index_map'],
    SparseReshape: ['output_shape'],
    StringNGrams: ['ngrams_splits'],
    StringSplit: ['values', 'shape'],
    Switch: ['output_true'],
    TensorArrayConcatV3: ['lengths'],
    TensorArrayV3: ['flow'],
    TensorListConcat: ['lengths'],
    TensorListConcatV2: ['lengths'],
    TensorListPopBack: ['tensor'],
    TopKV2: ['indices'],
    Unique: ['idx'],
    UniqueV2: ['idx'],
  }),
);

/** The function with its references as those of a graph, and with lists for what it does not take. */
export function withGraphRefs(f: FunctionDef): FunctionDef {
  const {inputArg = [], outputArg = []} = f.signature ?? {};
  const signature = {...f.signature, inputArg, outputArg}; // tfjs fails where one is left out.
  if (!f.nodeDef) return {...f, signature};
  const byName = new Map(f.nodeDef.map((node) => [node.name, node]));
  const nodeDef = f.nodeDef.map((node) => ({
    ...node,
    input: node.input?.map((ref) => graphRef(ref, byName)),
  }));
  const ret = Object.entries(f.ret ?? {}).map(([arg, ref]) => [arg, graphRef(ref, byName)]);
  return {...f, signature, nodeDef, ret: Object.fromEntries(ret)};
}

function graphRef(ref: string, byName: ReadonlyMap<string, NodeDef>): string {
  const [name, output, index] = ref.split(':');
  if (index === undefined) return ref;
  const further = FURTHER_OUTPUTS.get(byName.get(name)?.op);
  const at = further ? further.indexOf(output) + 1 : Number(index);
  return at > 0 ? `${name}:${at}` : name;
}
