/**
 * Builds a model of tfjs and watches it do so. tfjs trusts a config: a number in it may be the size
 * of a weight, and what it did not expect is a TypeError that names no layer.
 */
import {serialization, tidy} from '@tensorflow/tfjs-core';
import {
  initializers,
  type LayersModel,
  type LayerVariable,
  layers,
  models,
  type Shape,
  type SymbolicTensor,
} from '@tensorflow/tfjs-layers';
import {keepConstrained} from '../../layers/weight_options.js';
import {unkeptConfig} from '../config/own_classes.js';
import {type Json, printed} from '../config/saved.js';
import {penalizeActivity} from '../layers/regularization/activity.js';
import {rememberPenalty} from './penalties.js';
import {rememberName} from './weights/parts.js';

type Layer = layers.Layer;

/** An error that names its layer. */
class BuildError extends Error {}

/**
 * The model of a translated config, its weights 0: those of the file take their place.
 *
 * All of it runs at once, in spite of the promise; until then tfjs's classes are other than usual.
 *
 * @param stored how many values the file has for the weights
 * @throws Error A layer that cannot be built, or weights far larger than the file's.
 */
export function buildModel(config: Json, stored: number): Promise<LayersModel> {
  const restore = [watchClasses(), watchCalls(), watchWeights(stored)];
  try {
    let building: Promise<LayersModel> | undefined;
    tidy(() => {
      building = models.modelFromJSON({model_config: config});
    });
    return building as Promise<LayersModel>;
  } finally {
    for (const undo of restore) undo();
  }
}

/** Layers made of their config. */
function watchClasses(): () => void {
  const {classNameMap} = serialization.SerializationMap.getMap();
  const before = {...classNameMap};
  for (const [name, [cls, fromConfig]] of Object.entries(before)) {
    if (!(cls.prototype instanceof layers.Layer)) continue;
    const watched: typeof fromConfig = (registered, saved, ...others) => {
      const config = unkeptConfig(saved);
      return explained(
        `${name} layer "${config.name}"`,
        name,
        () => config,
        () => penalized(fromConfig(registered, config, ...others) as Layer, config),
      );
    };
    classNameMap[name] = [cls, watched];
  }
  return () => Object.assign(classNameMap, before);
}

/** A layer with the penalty on its outputs that its config has, if it has one. */
function penalized(layer: Layer, {activityPenalty}: Json): Layer {
  if (activityPenalty) {
    penalizeActivity(layer, activityPenalty.regularizer, activityPenalty.perExample);
  }
  return layer;
}

/** Layers called, and built by it. */
function watchCalls(): () => void {
  const {prototype} = layers.Layer;
  const {apply} = prototype;
  prototype.apply = function (this: Layer, inputs, kwargs) {
    const given = [inputs].flat();
    if (given.some((tensor) => tensor === undefined)) {
      throw new BuildError(
        `${described(this)} is given an output of another layer that this one does not have.`,
      );
    }
    checkRanks(this, given);
    const call = () => ({inputs: given.map(({shape}) => shape), options: this.getConfig()});
    const className = this.getClassName();
    return explained(described(this), className, call, () => apply.call(this, inputs, kwargs));
  };
  return () => {
    prototype.apply = apply;
  };
}

/**
 * Keras adds or takes away a last dimension of 1 where a model within a model is called with a tensor of
 * another rank than it was made for, which tfjs does not.
 *
 * @throws Error A model is called so.
 */
function checkRanks(called: Layer, given: readonly {shape: Shape}[]): void {
  const {inputs} = called as Layer & {inputs?: SymbolicTensor[]};
  inputs?.forEach(({shape: own}, i) => {
    const shape = given[i]?.shape ?? own;
    if (shape.length === own.length) return;
    throw new BuildError(
      `${described(called)} was made for an input of the shape ${printed(own)}, but is called with one ` +
        `of ${printed(shape)}. In Python reshape the tensor before the call.`,
    );
  });
}

type Constraint = Parameters<typeof keepConstrained>[1];
type AddWeight = (this: Layer, name: string, shape: number[], ...rest: unknown[]) => LayerVariable;

/**
 * The memory that weights may take, twice the file's and some more: what differs by less is told
 * with both shapes once the file's take their place.
 */
function watchWeights(stored: number): () => void {
  const prototype = layers.Layer.prototype as unknown as {addWeight: AddWeight};
  const {addWeight} = prototype;
  let left = 2 * stored + 2 ** 20;
  prototype.addWeight = function (name, shape, dtype, _initializer, ...rest) {
    const where = `${described(this)}: its weight ${name} would have the shape [${shape}]`;
    if (!shape.every((size) => Number.isInteger(size) && size >= 0)) {
      throw new BuildError(`${where}, expected whole numbers.`);
    }
    if (shape.length > 1 && shape.includes(0)) {
      throw new BuildError(
        `${where}, as its input is empty. In Python give the layer some values.`,
      );
    }
    left -= shape.reduce((product, size) => product * size, 1);
    if (left < 0) {
      throw new BuildError(`${where}, but the file has ${stored} values for all weights.`);
    }
    const before = this.losses?.length ?? 0;
    const weight = addWeight.call(this, name, shape, dtype, initializers.zeros(), ...rest);
    for (const penalty of this.losses?.slice(before) ?? []) rememberPenalty(penalty, weight);
    const [, , constraint = null] = rest as [unknown, unknown, Constraint?];
    keepConstrained(weight, constraint); // tfjs itself does not, in `fit`
    rememberName(weight, name);
    return weight;
  };
  return () => {
    prototype.addWeight = addWeight;
  };
}

const described = (layer: Layer) => `${layer.getClassName()} layer "${layer.name}"`;

/** tfjs prints whole layers in some of its messages. */
const shortened = (text: string) => (text.length <= 500 ? text : `${text.slice(0, 500)}…`);

/** What `make` returns. @throws BuildError, saying which layer failed and, if tfjs does not, on what. */
function explained<T>(layer: string, className: string, given: () => unknown, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof BuildError) throw error;
    const {name, message} = error as Error;
    const isMeant = !/^(Type|Range|Reference)Error$/.test(name) && !message.includes('[object ');
    if (message.startsWith(layer)) throw new BuildError(message, {cause: error});
    const reason = isMeant
      ? shortened(message)
      : `tfjs fails on what the file says of it, ${printed(given())}, with "${shortened(message)}". ` +
        'See that Keras itself opens the file; where it does, write a class that extends ' +
        `tf.layers.Layer, and give it in this one's place: {customObjects: {'${className}': TheClass}}.`;
    throw new BuildError(`${layer}: ${reason}`, {cause: error});
  }
}
