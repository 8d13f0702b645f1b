/**
 * Follows the masks through a functional model, and hands them to the layers that tfjs would leave
 * without, or give a wrong one (`layers/masks.ts` says why).
 */
import type {Call, Reference} from './calls.js';
import {classOf, type Json, type SavedLayer} from './saved.js';

export interface GraphLayer {
  name: string;
  className: string;
  /** As Keras saves it. */
  config: Json;
  calls: Call[];
}

/** Of a tensor: the layer that gives its mask; `merged` where two masks met, which tfjs spoils. */
interface Mask {
  source: string;
  merged?: boolean;
}

/** There is a mask, but not one that can be had here. */
const LOST = 'lost';

const MERGING = new Set(['Add', 'Average', 'Maximum', 'Minimum', 'Multiply', 'Subtract']);
const RECURRENT = new Set(['Bidirectional', 'ConvLSTM2D', 'GRU', 'LSTM', 'RNN', 'SimpleRNN']);
/** Those whose output has the mask of their first input, in Keras. */
const PASSING = new Set([
  ...['Activation', 'ELU', 'LeakyReLU', 'PReLU', 'ReLU', 'Softmax', 'ThresholdedReLU'],
  ...['BatchNormalization', 'GroupNormalization', 'LayerNormalization', 'UnitNormalization'],
  ...['ActivityRegularization', 'AlphaDropout', 'Dropout', 'GaussianDropout', 'GaussianNoise'],
  ...['Dense', 'MultiHeadAttention', 'SpatialDropout1D', 'TimeDistributed'],
]);

const isSource = ({className, config}: {className: string; config: Json}) =>
  className === 'Masking' || (className === 'Embedding' && config.mask_zero === true);

/** Whether a layer uses masks otherwise than to pass them on. */
export const usesMask = ({className}: {className: string}) =>
  ['MultiHeadAttention', 'GlobalAveragePooling1D'].includes(className) || RECURRENT.has(className);

/** Whether a model of these layers has masks. */
export const hasMasks = (layers: {className: string; config: Json}[]) => layers.some(isSource);

interface Graph {
  layers: GraphLayer[];
  outputs: Reference[];
}

/**
 * The model with its calls changed where a layer needs a mask, and with the layers that make masks.
 *
 * @throws Error A layer needs a mask that cannot be followed.
 */
export function giveMasks({layers, outputs}: Graph, keras3: boolean): Graph {
  if (!hasMasks(layers)) return {layers, outputs};
  const added = new Map<string, GraphLayer>();
  const maskOf = maskFinder(layers, keras3, added);
  /** Tensors that others take the place of, by their key. */
  const replaced = new Map<string, Reference>();

  const attach = (name: string, inputs: Reference[], config: Json = {}): Reference => {
    added.set(name, {name, className: 'AttachMask', config: {name, ...config}, calls: [{inputs}]});
    return [name, 0, 0];
  };

  const masked = layers.map((layer) => ({
    ...layer,
    calls: layer.calls.map((call, i): Call => {
      const found = (ref: Reference): Mask | null => {
        const mask = maskOf(ref);
        if (mask !== LOST) return mask;
        throw new Error(
          `${layer.className} layer "${layer.name}" needs a mask that cannot be followed to it, ` +
            'through a nested model or where different masks meet.',
        );
      };
      const [first, ...others] = call.inputs;
      if (layer.className === 'MultiHeadAttention') return withMasks(call, found);
      if (layer.className === 'GlobalAveragePooling1D') {
        const mask = found(first);
        return mask ? {inputs: [first, tensorOf(mask)]} : call;
      }
      if (!RECURRENT.has(layer.className)) return call;

      const mask = found(first);
      if (mask && zeroesMasked(layer)) {
        const sequences = layer.config.merge_mode === null ? [0, 1] : [0];
        for (const output of sequences) {
          const ref: Reference = [layer.name, i, output];
          const name = `${layer.name}_zeroed_${i}_${output}`;
          replaced.set(String(ref), attach(name, [ref, tensorOf(mask)], {zero_masked: true}));
        }
      }
      if (mask && !mask.merged) return call; // tfjs's own way does
      const inputs = mask ? [first, tensorOf(mask)] : [first];
      return {inputs: [attach(`${layer.name}_masked_${i}`, inputs), ...others]};
    }),
  }));

  const current = (ref: Reference) => replaced.get(String(ref)) ?? ref;
  const rewired = masked.map((layer) => ({
    ...layer,
    calls: layer.calls.map((call) => ({...call, inputs: call.inputs.map(current)})),
  }));
  return {layers: [...rewired, ...added.values()], outputs: outputs.map(current)};
}

const tensorOf = ({source}: Mask): Reference => [source, 0, 0];

/** Whether a recurrent layer's outputs at masked steps are 0, where tfjs repeats the last. */
function zeroesMasked({className, config}: GraphLayer): boolean {
  // Keras sets it within a Bidirectional, whatever the config says.
  if (className === 'Bidirectional') return config.layer.config.return_sequences;
  return config.zero_output_for_mask === true && config.return_sequences;
}

/** An attention layer's call, with the masks of what it is given. */
function withMasks(call: Call, found: (ref: Reference) => Mask | null): Call {
  const {inputs, names = []} = call;
  const masks = (['query', 'value', 'key'] as const).flatMap((name) => {
    const given = names.indexOf(name);
    const mask = given >= 0 && !names.includes(`${name}Mask`) ? found(inputs[given]) : null;
    return mask ? [{name: `${name}Mask` as const, ref: tensorOf(mask)}] : [];
  });
  return {
    ...call,
    inputs: [...inputs, ...masks.map(({ref}) => ref)],
    names: [...names, ...masks.map(({name}) => name)],
  };
}

/** A function from a tensor to its mask, by the rules of Keras; adds the layers that make masks. */
function maskFinder(layers: GraphLayer[], keras3: boolean, added: Map<string, GraphLayer>) {
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

  function findMask([name, call, output]: Reference): Found {
    const layer = byName.get(name) as GraphLayer;
    const {className, config} = layer;
    const inputs = layer.calls[call]?.inputs ?? [];
    if (isSource(layer)) {
      const source = `${name}_mask_${call}`;
      const maskConfig = {
        name: source,
        mask_value: config.mask_value ?? 0,
        over_features: className === 'Masking',
      };
      const calls = [{inputs: [inputs[0]]}];
      added.set(source, {name: source, className: 'MaskOf', config: maskConfig, calls});
      return {source};
    }
    if (config.layers) {
      const inner = config.layers.map((saved: SavedLayer) => ({
        className: classOf(saved),
        config: saved.config,
      }));
      return hasMasks(inner) || inputs.some(maskOf) ? LOST : null;
    }
    if (MERGING.has(className) || className === 'Concatenate') {
      return merge(inputs.map(maskOf), className, config, keras3);
    }
    if (RECURRENT.has(className)) {
      const {return_sequences} = config.layer?.config ?? config;
      return return_sequences && output === 0 ? maskOf(inputs[0]) : null;
    }
    return PASSING.has(className) && inputs.length ? maskOf(inputs[0]) : null;
  }

  return maskOf;
}

/** Keras 2 keeps the masks that are there, Keras 3 needs all; to combine different ones is left out. */
function merge(
  masks: (Mask | typeof LOST | null)[],
  className: string,
  config: Json,
  keras3: boolean,
): Mask | typeof LOST | null {
  const there = masks.filter((mask) => mask !== null);
  if (!there.length) return null;
  if (keras3 && MERGING.has(className) && there.length < masks.length) return null;
  if (className === 'Concatenate' && config.axis !== -1) return LOST; // perhaps along the steps
  const sources = new Set(there.map((mask) => (mask === LOST ? LOST : mask.source)));
  const [first] = there;
  return sources.size === 1 && first !== LOST ? {...first, merged: true} : LOST;
}
