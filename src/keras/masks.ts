/**
 * Follows the masks through a functional model, and hands them to the layers that tfjs would leave
 * without, or give a wrong one (`layers/masks.ts` says why).
 */
import type {Call, Reference} from './calls.js';
import type {Json} from './saved.js';

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

/**
 * The layers, their calls changed where they need a mask, and the layers that make the masks.
 *
 * @throws Error A layer needs a mask that cannot be followed.
 */
export function giveMasks(layers: GraphLayer[], keras3: boolean): GraphLayer[] {
  if (!hasMasks(layers)) return layers;
  const byName = new Map(layers.map((layer) => [layer.name, layer]));
  const added = new Map<string, GraphLayer>();

  const maskOf = ([name, call, output]: Reference): Mask | typeof LOST | null => {
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
      const inner = config.layers.map(({class_name, config}: Json) => ({
        className: class_name,
        config,
      }));
      return hasMasks(inner) || inputs.some(maskOf) ? LOST : null;
    }
    if (MERGING.has(className) || className === 'Concatenate') {
      const masks = inputs.map(maskOf);
      const there = masks.filter((mask) => mask !== null);
      if (!there.length) return null;
      if (keras3 && MERGING.has(className) && there.length < masks.length) return null;
      const [first] = there;
      const same = there.every((mask) => sourceOf(mask) === sourceOf(first));
      const alongSteps = className === 'Concatenate' && config.axis !== -1;
      return first === LOST || !same || alongSteps ? LOST : {...first, merged: true};
    }
    if (RECURRENT.has(className)) {
      const {return_sequences} = (config.layer ?? config).config ?? config;
      return return_sequences && output === 0 ? maskOf(inputs[0]) : null;
    }
    return PASSING.has(className) && inputs.length ? maskOf(inputs[0]) : null;
  };

  const masked = layers.map((layer) => ({
    ...layer,
    calls: layer.calls.map((call, i) => {
      const found = (ref: Reference): Mask | null => {
        const mask = maskOf(ref);
        if (mask !== LOST) return mask;
        throw new Error(
          `${layer.className} layer "${layer.name}" needs a mask that cannot be followed to it, ` +
            'through a nested model or where different masks meet.',
        );
      };
      const [first, ...others] = call.inputs;
      if (layer.className === 'GlobalAveragePooling1D') {
        const mask = found(first);
        return mask ? {inputs: [first, [mask.source, 0, 0] as Reference]} : call;
      }
      if (RECURRENT.has(layer.className)) {
        const mask = found(first);
        if (mask && !mask.merged) return call;
        const name = `${layer.name}_masked_${i}`;
        const inputs: Reference[] = mask ? [first, [mask.source, 0, 0]] : [first];
        added.set(name, {name, className: 'AttachMask', config: {name}, calls: [{inputs}]});
        return {inputs: [[name, 0, 0] as Reference, ...others]};
      }
      return layer.className === 'MultiHeadAttention' ? withMasks(call, found) : call;
    }),
  }));
  return [...masked, ...added.values()];
}

const sourceOf = (mask: Mask | typeof LOST) => (mask === LOST ? LOST : mask.source);

/** An attention layer's call, with the masks of what it is given. */
function withMasks(call: Call, found: (ref: Reference) => Mask | null): Call {
  const {inputs, names = []} = call;
  const masks = names.flatMap((name, i) => {
    const isOwn = ['query', 'value', 'key'].includes(name) && !names.includes(`${name}_mask`);
    const mask = isOwn ? found(inputs[i]) : null;
    return mask ? [{name: `${name}_mask`, ref: [mask.source, 0, 0] as Reference}] : [];
  });
  return {
    ...call,
    inputs: [...inputs, ...masks.map(({ref}) => ref)],
    names: [...names, ...masks.map(({name}) => name)],
  };
}
