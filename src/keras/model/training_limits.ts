/** What tfjs trains otherwise than Keras, without a word: such a model is not compiled. */
import type {LayersModel} from '@tensorflow/tfjs-layers';
import {
  classOf,
  isUsersOwn,
  type Json,
  layersOf,
  nameOf,
  type SavedLayer,
} from '../config/saved.js';

/** What differs in training, in a model or in how it was compiled; undefined: nothing. */
type Limit = (model: SavedLayer, built: LayersModel, optimizer: string) => string | undefined;

/** Layers that compute otherwise in training. */
const TRAINED_OTHERWISE = /Dropout|Noise|BatchNormalization|^Random|SpectralNormalization/;

const limits: Limit[] = [
  (model) => {
    if (!isUsersOwn(model)) return undefined;
    return `its class ${classOf(model)} may train in a way of its own`;
  },
  (model) => {
    const frozen = allLayers(model).find(
      (layer) => classOf(layer) === 'BatchNormalization' && layer.config.trainable === false,
    );
    return (
      frozen &&
      `BatchNormalization layer "${nameOf(frozen)}" is frozen, which in Keras also keeps its moving mean and variance`
    );
  },
  (model) => {
    const called = allLayers(model).find((layer) => isCalledForInference(layer) && changes(layer));
    return called && `${classOf(called)} layer "${nameOf(called)}" is called with training=False`;
  },
  (model) => {
    const found = allLayers(model).find(({config}) => config.lora_rank);
    return (
      found && `of ${classOf(found)} layer "${nameOf(found)}" Keras trains a low-rank update alone`
    );
  },
  (model) => {
    const found = allLayers(model).find(({config}) =>
      TRAINED_OTHERWISE.test(config.activation?.class_name ?? ''),
    );
    return (
      found &&
      `the activation of ${classOf(found)} layer "${nameOf(found)}" is a layer that does something in training alone`
    );
  },
  (model, _, optimizer) => {
    // Keras keeps an Embedding's gradient as one of each use, and squares each by itself.
    const found = allLayers(model).find(
      (layer) => classOf(layer) === 'Embedding' && layer.config.trainable !== false,
    );
    return optimizer !== 'SGD' && found
      ? `${optimizer} in Keras squares the gradients of Embedding layer "${nameOf(found)}" use by use`
      : undefined;
  },
  (model, {outputs}) => {
    const source = allLayers(model).find(
      (layer) => classOf(layer) === 'Masking' || layer.config.mask_zero === true,
    );
    // A mask is one of steps: an output without them has none.
    const mayBeMasked = outputs.some(({shape}) => shape.length >= 3);
    return source && mayBeMasked
      ? `Keras leaves the steps that "${nameOf(source)}" masks out of the loss`
      : undefined;
  },
];

/** Why a model would train otherwise than in Keras; undefined: nothing is known of it. */
export function trainsOtherwise(
  model: SavedLayer,
  built: LayersModel,
  optimizer: string,
): string | undefined {
  for (const limit of limits) {
    const reason = limit(model, built, optimizer);
    if (reason) return reason;
  }
  return undefined;
}

/** The layers within models and wrappers, too. */
function allLayers(layer: SavedLayer): SavedLayer[] {
  const {config} = layer;
  const options = [
    config.layer,
    config.backward_layer,
    config.cell,
    ...[config.cells ?? []].flat(),
  ];
  const wrapped = options.filter((each: Json) => each?.class_name && each.config);
  return [layer, ...[...(layersOf(layer) ?? []), ...wrapped].flatMap(allLayers)];
}

function isCalledForInference({inbound_nodes = []}: SavedLayer): boolean {
  return inbound_nodes.some((node) => {
    const kwargs = Array.isArray(node) ? [node].flat(2).filter(isDict) : [node.kwargs];
    return kwargs.some((each) => each?.training === false);
  });
}

const isDict = (value: Json) =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const changes = (layer: SavedLayer) =>
  allLayers(layer).some((each) => TRAINED_OTHERWISE.test(classOf(each)) || each.config.dropout > 0);
