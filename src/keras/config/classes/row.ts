/** The form of the table's rows: what can be known of a class of Keras. */
import type {serialization} from '@tensorflow/tfjs-core';
import type {layers} from '@tensorflow/tfjs-layers';
import type {Json, SavedLayer} from '../saved.js';
import type {ByVersion, KerasVersion} from '../version.js';

type Layer = layers.Layer;

/** A class of layers as `tf.serialization.registerClass` takes it. */
export type LayerClass = serialization.SerializableConstructor<Layer> & {className: string};

/**
 * What the mask of a layer's output is.
 *
 * - `none`: there is none, whatever masks the inputs have.
 * - `passes`: the first input's.
 * - `makes`: one made of the input's values (Embedding with mask_zero, Masking).
 * - `steps`: a recurrent layer's, its input's where it returns sequences.
 * - `all`: where all inputs that have a mask are unmasked.
 * - `any`: where any input is unmasked; none unless all inputs have a mask.
 * - `concatenates all`, `concatenates any`: the same for a concatenation, for which an input without
 *   a mask has a mask of ones, and which may be along the steps.
 * - `held`: a wrapper's, of the layer that it calls once: the first input's, if that passes it on.
 * - `inner`: a wrapper's, which the layer that it calls for each step makes of the step's.
 */
export type MaskRule =
  | 'none'
  | 'passes'
  | 'makes'
  | 'steps'
  | 'all'
  | 'any'
  | 'concatenates all'
  | 'concatenates any'
  | 'held'
  | 'inner';

/**
 * How the class of tfjs is given the masks that change what it computes.
 *
 * - `attached`: tfjs's recurrent classes take the mask that their input carries.
 * - `input`: the mask is an input after the others.
 * - `named`: each mask is an input, which `inputNames` tells from the others.
 * - `inner`: the mask is an input after the others, if the layer inside uses one.
 * - `own`: as `named`, with the masks that the tensors themselves carry, whatever the call is given.
 */
export type MaskInput = 'attached' | 'input' | 'named' | 'inner' | 'own';

/** What is done with an option that the class of tfjs does not take as it is saved. */
export type OptionRule =
  /** It must have one of these values, or be absent: tfjs's class can do no others. */
  | {only: readonly Json[]}
  /** The class of tfjs calls it so. */
  | {renamed: string}
  /** The class of tfjs takes this in its place. `undefined`: it is left out. */
  | {value: (saved: Json, version: KerasVersion) => Json};

/** All that is known of a class of Keras. A class without a row can still be registered by a user. */
export interface KerasClass {
  /** The class that plays it, if it is not tfjs's own of the same name; it is registered. */
  layer?: LayerClass;
  /** The class of Keras that has the name of a library's: it is not a user's own, and does not play it. */
  namesake?: LayerClass;
  /** The name of the class of tfjs, where neither is that of Keras. */
  playedBy?: string;
  options?: Readonly<Record<string, OptionRule>>;
  /** Options of the class of tfjs that Keras has not. */
  adds?: (config: Json, version: KerasVersion, saved: SavedLayer) => Json;
  /** What is in the way of opening a layer that its options alone do not tell. */
  refuses?: (saved: SavedLayer, version: KerasVersion) => string | undefined;
  /** Why there is no class that plays it, and what to do, unless a user has registered one. */
  absent?: (saved: SavedLayer) => string;
  /** The option in which a wrapper holds the layer that it cannot do without. */
  wraps?: 'layer' | 'cell';
  /** The arguments of a call that are tensors, in Keras's order. Default: the first input. */
  tensors?: readonly string[];
  /** What the tensors are of a list that is the first argument, where each has a name of its own. */
  listed?: readonly string[];
  /** The class of tfjs is told by its option `inputNames` what each of its inputs is. */
  namesInputs?: boolean;
  /** Arguments of a call that are options of the class of tfjs. */
  callOptions?: readonly string[];
  /** What the arguments of a call are by default, where that is not nothing and not `false`. */
  callDefaults?: Readonly<Record<string, Json>>;
  /**
   * The options that stand for calls with different arguments, if the class of tfjs can tell such
   * calls apart by what they are given.
   */
  mixedCalls?: (saved: SavedLayer) => Json | undefined;
  /** Arguments of a call that Keras 3 saves, but sets anew whenever it runs the model. */
  ignored?: readonly string[];
  /** How masks go through it. Default: `none`. */
  masks?: MaskRule | ByVersion<MaskRule>;
  /** The option without which there is no mask after all. */
  masksIf?: string;
  /** The argument of a call with which there is none either. */
  masksUnless?: string;
  /** It computes otherwise where its input is masked. */
  usesMask?: MaskInput;
  /** In a call it takes the masks off the tensors that it is given, for all that use them later. */
  takesMasksOff?: ByVersion<boolean>;
  /** The option with which it leaves them on. */
  leavesMasksIf?: string;
  /** It hands on the very tensor that it is given, except in training: masks taken off are off both. */
  returnsInput?: boolean;
  /** The class that plays it where inputs have masks: these are inputs after the others. */
  masked?: ByVersion<LayerClass | undefined>;
  /** The class in Python, where Keras exports and saves it under another name. */
  inPython?: string;
  /** The names of weights of a layer that it holds which Keras saves as its own, too, the first of them. */
  repeats?: readonly string[];
  /** The attributes in which Keras's class holds layers, in the order in which it counts weights. */
  holds?: readonly string[];
  /**
   * Layers that Keras's class holds, where that of tfjs has their weights itself: what the names of
   * these begin with (`query/kernel`), and the attribute in Keras.
   */
  folders?: Readonly<Record<string, string>>;
}

export type KerasClasses = Readonly<Record<string, KerasClass>>;

/** The values that tfjs's class can do. */
export const only = (...values: readonly Json[]): OptionRule => ({only: values});

export const renamed = (name: string): OptionRule => ({renamed: name});
