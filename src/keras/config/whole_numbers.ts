/**
 * Which layers are given whole numbers. Keras 3 saves the type of each tensor that a call takes, but
 * not the true one of what comes from IntegerLookup: its vectors are int64, and saved as float32.
 */
import {classOf, type Json, nameOf, type SavedLayer} from './saved.js';
import type {KerasVersion} from './version.js';

/** Classes of layers and operations that give whole numbers wherever all that they take is such. */
const PASS = new Set([
  ...['Absolute', 'ActivityRegularization', 'Add', 'AlphaDropout', 'Concatenate', 'Dropout'],
  ...['Flatten', 'GaussianDropout', 'GaussianNoise', 'Identity', 'Maximum', 'Minimum', 'Multiply'],
  ...['Permute', 'RepeatVector', 'Reshape', 'RMSNormalization', 'SpectralNormalization'],
  ...['SpatialDropout1D', 'SpatialDropout2D', 'SpatialDropout3D', 'Subtract'],
]);

/** The layers of a functional model with the true types of what their calls take. */
export function withWholeNumbers(layers: SavedLayer[], {major}: KerasVersion): SavedLayer[] {
  if (major < 3) return layers;
  const whole = new Set(layers.filter(givesVectors).map(nameOf));
  if (!whole.size) return layers;
  const rest = layers.filter((layer) => PASS.has(classOf(layer)));
  for (let before = 0; before < whole.size; ) {
    before = whole.size;
    for (const layer of rest) {
      const givers = tensorsOf(layer.inbound_nodes).map(({keras_history: [giver]}) => giver);
      if (givers.length && givers.every((giver) => whole.has(giver))) whole.add(nameOf(layer));
    }
  }
  return layers.map((layer) => {
    if (!classOf(layer).endsWith('Normalization')) return layer;
    const inbound_nodes: Json[] = JSON.parse(JSON.stringify(layer.inbound_nodes ?? []));
    for (const tensor of tensorsOf(inbound_nodes)) {
      if (whole.has(tensor.keras_history[0])) tensor.dtype = 'int64';
    }
    return {...layer, inbound_nodes};
  });
}

const givesVectors = (layer: SavedLayer) =>
  classOf(layer) === 'IntegerLookup' && (layer.config.output_mode ?? 'int') !== 'int';

/** What is saved of the tensors in an argument, in all of a call or in all calls. */
function tensorsOf(value: Json): {keras_history: Json[]; dtype: Json}[] {
  if (value === null || typeof value !== 'object') return [];
  if (value.class_name === '__keras_tensor__') {
    return Array.isArray(value.config?.keras_history) ? [value.config] : [];
  }
  return Object.values<Json>(value).flatMap(tensorsOf);
}

/** The layer is given whole numbers in some of its calls, or in all. */
export function takesWholeNumbers(saved: SavedLayer): 'some' | 'all' | 'none' {
  const kinds = (saved.inbound_nodes ?? []).map((node) =>
    tensorsOf(node)
      .slice(0, 1)
      .some(({dtype}) => /^u?int/.test(dtype)),
  );
  if (!kinds.includes(true)) return 'none';
  return kinds.includes(false) ? 'some' : 'all';
}
