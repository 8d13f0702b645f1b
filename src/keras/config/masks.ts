/**
 * Follows the masks through a functional model, and hands them to the layers that tfjs would leave
 * without, or give a wrong one (`layers/masks.ts` says why).
 */
import type {Call, Reference} from './calls.js';
import {maskRule, rowOf} from './classes/index.js';
import type {KerasClass} from './classes/row.js';
import type {Json, SavedLayer} from './saved.js';
import type {KerasVersion} from './version.js';

export interface GraphLayer {
  name: string;
  className: string;
  row: KerasClass;
  /** As Keras saves it. */
  config: Json;
  calls: Call[];
  /** Absent where the loader adds the layer. */
  saved?: SavedLayer;
  /** The layer of tfjs, where it is an operation that Keras saved. */
  operation?: {class_name: string; config: Json};
}

/** Of a tensor: the layer that gives its mask; `merged` where two masks met, which tfjs spoils. */
interface Mask {
  source: string;
  merged?: boolean;
}

/** There is a mask, but not one that can be had here. */
const LOST = 'lost';

/** Whether a layer makes a mask of its input. An Embedding does if it is told to. */
export function makesMask(saved: SavedLayer, version: KerasVersion): boolean {
  return rowMakesMask({row: rowOf(saved), config: saved.config}, version);
}

function rowMakesMask({row, config}: {row: KerasClass; config: Json}, version: KerasVersion) {
  return maskRule(row, version) === 'makes' && (!row.masksIf || config[row.masksIf] === true);
}

interface Graph {
  layers: GraphLayer[];
  outputs: Reference[];
}

/**
 * The model with its calls changed where a layer needs a mask, and with the layers that make masks.
 *
 * @throws Error A layer needs a mask that cannot be followed.
 */
export function giveMasks({layers, outputs}: Graph, version: KerasVersion): Graph {
  if (!layers.some((layer) => rowMakesMask(layer, version))) return {layers, outputs};
  const added = new Map<string, GraphLayer>();
  const maskOf = maskFinder(layers, version, added);
  /** Tensors that others take the place of, by their key. */
  const replaced = new Map<string, Reference>();

  const attach = (name: string, inputs: Reference[], config: Json = {}): Reference => {
    added.set(name, addedLayer('AttachMask', {name, ...config}, inputs));
    return [name, 0, 0];
  };

  const masked = layers.map((layer) => ({
    ...layer,
    calls: layer.calls.map((given, i): Call => {
      const found = (ref: Reference): Mask | null => {
        const mask = maskOf(ref);
        if (mask !== LOST) return mask;
        throw new Error(
          `${layer.className} layer "${layer.name}" needs a mask that cannot be followed to it, ` +
            'through a nested model or where different masks meet.',
        );
      };
      const [first, ...others] = given.inputs;
      if (!layer.row.usesMask) return given;
      if (layer.className === 'MultiHeadAttention') return withMasks(given, found);
      if (layer.className === 'GlobalAveragePooling1D') {
        const mask = found(first);
        return mask ? call([first, tensorOf(mask)]) : given;
      }

      const mask = found(first);
      if (mask && zeroesMasked(layer)) {
        const sequences = layer.config.merge_mode === null ? [0, 1] : [0];
        for (const output of sequences) {
          const ref: Reference = [layer.name, i, output];
          const name = `${layer.name}_zeroed_${i}_${output}`;
          replaced.set(String(ref), attach(name, [ref, tensorOf(mask)], {zero_masked: true}));
        }
      }
      if (mask && !mask.merged) return given; // tfjs's own way does
      const inputs = mask ? [first, tensorOf(mask)] : [first];
      return {...given, inputs: [attach(`${layer.name}_masked_${i}`, inputs), ...others]};
    }),
  }));

  const current = (ref: Reference) => replaced.get(String(ref)) ?? ref;
  const rewired = masked.map((layer) => ({
    ...layer,
    calls: layer.calls.map((call) => ({...call, inputs: call.inputs.map(current)})),
  }));
  return {layers: [...rewired, ...added.values()], outputs: outputs.map(current)};
}

function addedLayer(className: string, config: Json, inputs: Reference[]): GraphLayer {
  return {name: config.name, className, row: {}, config, calls: [call(inputs)]};
}

/** A call of a layer that the loader adds. */
const call = (inputs: Reference[]): Call => ({inputs, names: [], options: {}});

const tensorOf = ({source}: Mask): Reference => [source, 0, 0];

/** Whether a recurrent layer's outputs at masked steps are 0, where tfjs repeats the last. */
function zeroesMasked({className, config}: GraphLayer): boolean {
  // Keras sets it within a Bidirectional, whatever the config says.
  if (className === 'Bidirectional') return config.layer.config.return_sequences;
  return config.zero_output_for_mask === true && config.return_sequences;
}

/** An attention layer's call, with the masks of what it is given. */
function withMasks(given: Call, found: (ref: Reference) => Mask | null): Call {
  const {inputs, names} = given;
  const masks = ['query', 'value', 'key'].flatMap((name) => {
    const i = names.indexOf(name);
    const mask = i >= 0 && !names.includes(`${name}_mask`) ? found(inputs[i]) : null;
    return mask ? [{name: `${name}_mask`, ref: tensorOf(mask)}] : [];
  });
  return {
    ...given,
    inputs: [...inputs, ...masks.map(({ref}) => ref)],
    names: [...names, ...masks.map(({name}) => name)],
  };
}

/** A function from a tensor to its mask, by the rules of Keras; adds the layers that make masks. */
function maskFinder(layers: GraphLayer[], version: KerasVersion, added: Map<string, GraphLayer>) {
  const byName = new Map(layers.map((layer) => [layer.name, layer]));

  type Found = Mask | typeof LOST | null;
  const known = new Map<string, Found>();

  // Each tensor is asked for once: there are ever so many ways through a chain of residuals.
  function maskOf(ref: Reference): Found {
    const key = String(ref);
    const mask = known.has(key) ? (known.get(key) as Found) : findMask(ref);
    known.set(key, mask);
    return mask;
  }

  function findMask([name, callIndex, output]: Reference): Found {
    const layer = byName.get(name) as GraphLayer;
    const {className, config} = layer;
    const inputs = layer.calls[callIndex]?.inputs ?? [];
    const rule = maskRule(layer.row, version);
    if (rowMakesMask(layer, version)) {
      const source = `${name}_mask_${callIndex}`;
      const maskConfig = {
        name: source,
        mask_value: config.mask_value ?? 0,
        over_features: className === 'Masking',
      };
      added.set(source, addedLayer('MaskOf', maskConfig, [inputs[0]]));
      return {source};
    }
    if (config.layers) {
      const makes = config.layers.some((inner: SavedLayer) => makesMask(inner, version));
      return makes || inputs.some(maskOf) ? LOST : null;
    }
    if (rule === 'merges' || rule === 'joins') {
      return merge(inputs.map(maskOf), rule, config, version);
    }
    if (rule === 'steps') {
      const {return_sequences} = config.layer?.config ?? config;
      return return_sequences && output === 0 ? maskOf(inputs[0]) : null;
    }
    return rule === 'passes' && inputs.length ? maskOf(inputs[0]) : null;
  }

  return maskOf;
}

/** Keras 2 keeps the masks that are there, Keras 3 needs all; to combine different ones is left out. */
function merge(
  masks: (Mask | typeof LOST | null)[],
  rule: 'merges' | 'joins',
  config: Json,
  {major}: KerasVersion,
): Mask | typeof LOST | null {
  const there = masks.filter((mask) => mask !== null);
  if (!there.length) return null;
  if (major >= 3 && rule === 'merges' && there.length < masks.length) return null;
  if (rule === 'joins' && config.axis !== -1) return LOST; // perhaps along the steps
  const sources = new Set(there.map((mask) => (mask === LOST ? LOST : mask.source)));
  const [first] = there;
  return sources.size === 1 && first !== LOST ? {...first, merged: true} : LOST;
}
