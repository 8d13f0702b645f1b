/** Makes `tf.loadLayersModel` build the layers that Keras has and tfjs lacks. */
import {serialization} from '@tensorflow/tfjs-core';
import {LayersModel, layers} from '@tensorflow/tfjs-layers';
import {ourClasses} from '../config/classes/index.js';
import type {LayerClass} from '../config/classes/row.js';
import {activationClasses} from './activations/functions.js';
import {LayerActivation} from './activations/layer_activation.js';
import {KerasCall} from './keras_call.js';
import {OrthogonalRegularizer} from './orthogonal_regularizer.js';
import {registerSegmentSum} from './segment_sum.js';

type Class = serialization.SerializableConstructor<serialization.Serializable>;

/** The classes of layers that tfjs and this package have, by name: whatever else is a user's own. */
const builtIn = new Map<string, Class>();

/**
 * Registers the class of each row of the table that has one; some take the place of tfjs's own. Safe
 * to repeat.
 */
export function registerKerasLayers(): void {
  registerSegmentSum();
  serialization.registerClass(KerasCall);
  for (const activation of activationClasses) serialization.registerClass(activation);
  serialization.registerClass(LayerActivation as unknown as Class);
  serialization.registerClass(OrthogonalRegularizer);
  for (const layer of ourClasses()) serialization.registerClass(layer);
  for (const [name, [registered]] of Object.entries(classNameMap())) {
    if (!builtIn.has(name)) builtIn.set(name, registered);
  }
}

/** Registers the classes of a library's layers, unless a user has one of his own under the name. */
export function addLayers(classes: LayerClass[]): void {
  for (const layer of classes) {
    const {className} = layer;
    if (Object.hasOwn(classNameMap(), className)) continue;
    serialization.registerClass(layer);
    builtIn.set(className, layer as unknown as Class);
  }
}

/**
 * The class of layers that is registered under a name; undefined if there is none, or none but the
 * built-in where a user's own is wanted.
 */
export function registeredLayer(name: string, usersOwn: boolean): Class | undefined {
  const map = classNameMap();
  const [found] = Object.hasOwn(map, name) ? map[name] : [];
  if (!(found?.prototype instanceof layers.Layer)) return undefined;
  return usersOwn && found === builtIn.get(name) ? undefined : found;
}

/** Whether a class of models of a user's own is registered under a name. */
export function registeredModel(name: string): boolean {
  const map = classNameMap();
  const [found] = Object.hasOwn(map, name) ? map[name] : [];
  return found?.prototype instanceof LayersModel && !builtIn.has(name);
}

/** Whether tfjs or this package has a class of that name. */
export function isBuiltIn(name: string): boolean {
  return builtIn.has(name);
}

const classNameMap = () => serialization.SerializationMap.getMap().classNameMap;
