/**
 * The table of Keras's classes: one row a class, with all that is known of it, in files as
 * keras.layers groups them. To add a layer, write its class in `../../layers/` and its row here.
 */
import type {layers} from '@tensorflow/tfjs-layers';
import {classOf, isUsersOwn, own, type SavedLayer} from '../saved.js';
import {inVersion, type KerasVersion} from '../version.js';
import {activations} from './activations.js';
import {attention} from './attention.js';
import {convolutional} from './convolutional.js';
import {core} from './core.js';
import {libraryRow} from './libraries.js';
import {merging} from './merging.js';
import {normalization} from './normalization.js';
import {pooling} from './pooling.js';
import {preprocessing} from './preprocessing.js';
import {regularization} from './regularization.js';
import {reshaping} from './reshaping.js';
import {rnn} from './rnn.js';
import type {KerasClass, KerasClasses, LayerClass, MaskRule} from './row.js';

/** The rows of Keras's own classes, by name. */
export const classes: KerasClasses = {
  ...activations,
  ...attention,
  ...convolutional,
  ...core,
  ...merging,
  ...normalization,
  ...pooling,
  ...preprocessing,
  ...regularization,
  ...reshaping,
  ...rnn,
};

const nothing: KerasClass = {};

/** The row of a layer's class; an empty one where there is none, or the class is a user's own. */
export function rowOf(saved: SavedLayer): KerasClass {
  return (isUsersOwn(saved) ? libraryRow(saved) : own(classes, classOf(saved))) ?? nothing;
}

/** The row of the class that a layer of tfjs plays. */
export function rowOfLayer(layer: layers.Layer): KerasClass {
  return rowOf({class_name: layer.getClassName(), config: {}});
}

/** The classes of this package that play classes of Keras. */
export function ourClasses(): LayerClass[] {
  return Object.values(classes).flatMap(({layer}) => layer ?? []);
}

/** The rule by which masks go through a class in a version of Keras. */
export function maskRule({masks = 'none'}: KerasClass, version: KerasVersion): MaskRule {
  return typeof masks === 'string' ? masks : (inVersion(masks, version) ?? 'none');
}
