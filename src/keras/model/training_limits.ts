/** What tfjs trains otherwise than Keras, without a word: such a model is not compiled. */
import type {LayersModel} from '@tensorflow/tfjs-layers';
import {Models} from '../config/masks/models.js';
import {isOwnClass} from '../config/own_classes.js';
import {asGraph} from '../config/read_graph.js';
import {
  classOf,
  isUsersOwn,
  type Json,
  layersOf,
  nameOf,
  printed,
  type SavedLayer,
} from '../config/saved.js';
import type {KerasVersion} from '../config/version.js';
import {
  isSet,
  lackOfLosses,
  lackOfOptimizer,
  type Output,
  optimizerName,
} from './compile_options.js';

/** A model that was compiled. */
export interface Trained {
  saved: SavedLayer;
  built: LayersModel;
  outputs: Output[];
  /** How it was compiled. */
  compiled: Json;
  optimizer: Json;
  version: KerasVersion;
}

/** Says what differs in training; undefined: nothing. */
type Limit = (trained: Trained) => string | undefined;

/** Layers that compute otherwise in training. */
const TRAINED_OTHERWISE = /Dropout|Noise|BatchNormalization|^Random|SpectralNormalization/;

/** All that keeps a model from being compiled, a row each. The first that finds something is told. */
export const trainingLimits = {
  'own training': ({saved}) =>
    isUsersOwn(saved) ? `its class ${classOf(saved)} may train in a way of its own` : undefined,

  'frozen normalisation': ({saved}) => {
    const frozen = allLayers(saved).find(
      (layer) => classOf(layer) === 'BatchNormalization' && layer.config.trainable === false,
    );
    return (
      frozen &&
      `${titleOf(frozen)} is frozen, which in Keras also keeps its moving mean and variance`
    );
  },

  'called for inference': ({saved}) => {
    const called = allLayers(saved).find((layer) => isCalledForInference(layer) && changes(layer));
    return called && `${titleOf(called)} is called with training=False`;
  },

  'low-rank update': ({saved}) => {
    const found = allLayers(saved).find(({config}) => config.lora_rank);
    return found && `of ${titleOf(found)} Keras trains a low-rank update alone`;
  },

  'layer as activation': ({saved}) => {
    const found = allLayers(saved).find(({config}) =>
      TRAINED_OTHERWISE.test(config.activation?.class_name ?? ''),
    );
    return (
      found &&
      `the activation of ${titleOf(found)} is a layer that does something in training alone`
    );
  },

  // Keras keeps an Embedding's gradient as one of each use, and squares each by itself.
  'squares use by use': ({saved, optimizer}) => {
    const name = optimizerName(optimizer);
    const found = allLayers(saved).find(
      (layer) => classOf(layer) === 'Embedding' && layer.config.trainable !== false,
    );
    return name !== 'SGD' && found
      ? `${name} in Keras squares the gradients of ${titleOf(found)} use by use`
      : undefined;
  },

  'masked loss': (trained) => {
    const {saved, built} = trained;
    const isMasked = maskedOutputs(trained);
    const masked = built.outputs.find((_, i) => isMasked[i]);
    if (masked) {
      return `Keras leaves what is masked in its output "${masked.sourceLayer.name}" out of the loss`;
    }
    // What a class of a user's own does with a mask is not known; a mask that is made is one of steps.
    const makes = allLayers(saved).find(makesMask);
    const mayBeMasked = built.outputs.some(({shape}) => shape.length >= 3);
    return makes && mayBeMasked && allLayers(saved).some(isOwnClass)
      ? `Keras may leave the steps that ${titleOf(makes)} masks out of the loss`
      : undefined;
  },

  'loss weights': ({compiled}) =>
    isSet(compiled.loss_weights) ? 'tfjs does not weigh losses, as its loss_weights do' : undefined,

  'sample weights': ({compiled}) =>
    compiled.sample_weight_mode
      ? `tfjs has no sample_weight_mode = ${printed(compiled.sample_weight_mode)}`
      : undefined,

  loss: ({compiled, outputs}) => lackOfLosses(compiled.loss, outputs),

  optimiser: ({optimizer}) => lackOfOptimizer(optimizer),
} satisfies Record<string, Limit>;

/** Why a model would train otherwise than in Keras; undefined: nothing is known of it. */
export function trainsOtherwise(trained: Trained): string | undefined {
  for (const limit of Object.values(trainingLimits)) {
    const reason = limit(trained);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

const titleOf = (layer: SavedLayer) => `${classOf(layer)} layer "${nameOf(layer)}"`;

/** Whether each output of a model carries a mask in Keras. */
function maskedOutputs({saved, version}: Trained): boolean[] {
  const models = new Models(saved, version);
  if (!models.haveMasks || !(saved.config.output_layers || asGraph(saved.config))) return [];
  return models.follow(saved).outputs.map((mask) => mask !== null);
}

const makesMask = (layer: SavedLayer) =>
  classOf(layer) === 'Masking' || layer.config.mask_zero === true;

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
