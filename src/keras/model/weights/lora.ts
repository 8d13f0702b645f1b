/** Weights with a low-rank update (LoRA), which an `.h5` file holds beside them and a `.keras` file in them. */
import type {Json, SavedLayer} from '../../config/saved.js';
import type {NamedTensor} from '../../read/tensor.js';

/** The first factor of an update: `dense/lora_kernel_a`; an Embedding's is `lora_embeddings_a`. */
const FIRST_FACTOR = /lora_(kernel|embeddings)_a(:\d+)?$/;

/**
 * The weights without their updates, each with its own added: kernel + (alpha / rank)·a·b, a product
 * over the last dimension of a.
 *
 * Source: the property `kernel` of keras/src/layers/core/dense.py and its like.
 */
export function withUpdates(tensors: NamedTensor[], saved: SavedLayer): NamedTensor[] {
  let result = tensors;
  for (const a of tensors.filter(({name}) => FIRST_FACTOR.test(name))) {
    const named = (ending: string) =>
      tensors.find(({name}) => name === a.name.replace(FIRST_FACTOR, `${ending}$2`));
    const b = named('lora_$1_b');
    const weight = named('$1');
    const [rows, rank] = [a.size / (a.shape.at(-1) as number), a.shape.at(-1) as number];
    if (!b || !weight || b.shape[0] !== rank || rows * (b.size / rank) !== weight.size) continue;
    const alpha = alphaOf(saved, a.name.split('/').at(-2) ?? saved.config.name) ?? rank;
    const updated = {...weight, read: updatedBy(weight, a, b, alpha / rank)};
    result = result
      .filter((tensor) => tensor !== a && tensor !== b)
      .map((tensor) => (tensor === weight ? updated : tensor));
  }
  return result;
}

function updatedBy(
  weight: NamedTensor,
  a: NamedTensor,
  b: NamedTensor,
  scale: number,
): NamedTensor['read'] {
  return async (pace) => {
    const [values, left, right] = [await weight.read(pace), await a.read(pace), await b.read(pace)];
    const rank = a.shape.at(-1) as number;
    const cols = right.length / rank;
    const sums = new Float64Array(cols);
    const result = new Float32Array(values.length);
    for (let row = 0; row * rank < left.length; row++) {
      sums.fill(0);
      for (let k = 0; k < rank; k++) {
        const factor = left[row * rank + k];
        for (let col = 0; col < cols; col++) sums[col] += factor * right[k * cols + col];
      }
      for (let col = 0; col < cols; col++) {
        result[row * cols + col] = values[row * cols + col] + scale * sums[col];
      }
      await pace();
    }
    return result;
  };
}

/** The option of the layer of that name, wherever it is. */
function alphaOf(value: Json, name: string): number | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  if (value.config?.name === name && value.config.lora_rank) return value.config.lora_alpha;
  return Object.values(value)
    .map((each) => alphaOf(each, name))
    .find((alpha) => alpha !== undefined);
}
