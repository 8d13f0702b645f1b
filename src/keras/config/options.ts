/** Turns the options of a layer into those that the class of tfjs takes. */
import {registeredLayer} from '../layers/register.js';
import {activationName, isLayerActivation} from './activations.js';
import {LAYER_OPTIONS} from './check.js';
import {rowOf} from './classes/index.js';
import {isPenaltyPerExample} from './penalty.js';
import {classOf, type Json, own, printed, type SavedLayer} from './saved.js';
import type {KerasVersion} from './version.js';

/** Keys of Keras 3 that have no meaning in tfjs. */
const DROPPED = new Set(['optional', 'ragged', 'autocast', 'quantization_config']);

/** Classes of initialisers that tfjs spells in another way. */
const OTHER_NAMES: Record<string, string> = {
  LecunNormal: 'LeCunNormal',
  LecunUniform: 'LeCunUniform',
  IdentityInitializer: 'Identity', // so Keras 3.1 to 3.6
  OrthogonalInitializer: 'Orthogonal',
};

/** The option in which a layer's penalty on its outputs reaches `../model/build.ts`. */
const PENALTY = 'activity_penalty';

/**
 * What is in the way of an option's value, by the table's row of the layer's class.
 *
 * @returns undefined: nothing.
 */
export function refusedOption(saved: SavedLayer): string | undefined {
  const className = classOf(saved);
  for (const [option, rule] of Object.entries(rowOf(saved).options ?? {})) {
    const value = JSON.stringify(saved.config[option]);
    if (!('only' in rule) || value === undefined) continue;
    const texts = rule.only.map((each) => JSON.stringify(each));
    if (texts.includes(value)) continue;
    return `${className} of tfjs has no ${option} = ${value}, only ${texts.join(' or ')}.`;
  }
  return undefined;
}

/**
 * @param translateLayer does the same for a layer that is an option's value.
 * @throws Error A value that tfjs has not.
 */
export function translateOptions(
  saved: SavedLayer,
  version: KerasVersion,
  translateLayer: (saved: SavedLayer) => Json,
): Json {
  const rules = rowOf(saved).options ?? {};
  const entries = Object.entries<Json>(saved.config).flatMap(([key, value]): [string, Json][] => {
    if (DROPPED.has(key)) return [];
    const rule = own(rules, key);
    if (rule && 'value' in rule) {
      const translated = rule.value(value, version);
      return translated === undefined ? [] : [[key, translated]];
    }
    if (rule && 'renamed' in rule) return [[rule.renamed, translate(value)]];
    if (key === 'activity_regularizer') return value ? [[PENALTY, penalty(value)]] : [];
    if (key === 'batch_shape') return [['batch_input_shape', value]];
    if (key === 'dtype') return [[key, dtypeName(value)]];
    if (LAYER_OPTIONS.includes(key) && value?.class_name) return [[key, translateLayer(value)]];
    if (key === 'cells') return [[key, value.map(translateLayer)]];
    const isActivation = /^([a-z]+_)?activation$/.test(key);
    return [[key, isActivation ? activation(value) : translate(value)]];
  });
  return {...Object.fromEntries(entries), ...rowOf(saved).adds?.(saved.config, version, saved)};

  function penalty(value: Json): Json {
    return {regularizer: translate(value), per_example: isPenaltyPerExample(version)};
  }

  function activation(value: Json): Json {
    const translated = translate(value);
    if (typeof translated === 'string') return activationName(translated, saved, version);
    if (!value?.class_name) return translated;
    // A layer that is nothing but an activation stands for it.
    if (classOf(value) === 'Activation') return activation(value.config.activation);
    if (!isLayerActivation(value, isLayer)) return translated;
    return {class_name: 'LayerActivation', config: {layer: translateLayer(value)}};
  }
}

const isLayer = (className: string) => registeredLayer(className, false) !== undefined;

/** Initialisers, regularisers, constraints and functions, wherever they are. */
function translate(value: Json): Json {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(translate);
  if (!('class_name' in value && 'config' in value)) return value;
  const {class_name, config} = value;
  if (class_name === 'function') return functionName(config);
  if (class_name === '__numpy__') return config.value; // numbers that were given as an array
  if (class_name === 'L1' || class_name === 'L2') {
    return {class_name: 'L1L2', config: {l1: config.l1 ?? 0, l2: config.l2 ?? 0}};
  }
  const isUntruncated = config?.distribution === 'untruncated_normal';
  return {
    class_name: own(OTHER_NAMES, class_name) ?? class_name,
    config: isUntruncated ? {...config, distribution: 'normal'} : config,
  };
}

function functionName(config: Json): string {
  const name = typeof config === 'string' ? config : config.name;
  if (typeof name === 'string') return name;
  throw new Error(`a function must have a name, but is ${printed(config)}.`);
}

/**
 * Policies by name. tfjs has float32 and int32 only, in which the other types are computed here.
 *
 * @throws Error The weights are quantised.
 */
function dtypeName(dtype: Json): Json {
  const mode = dtype?.config?.mode; // only a policy of quantised weights has one
  const name = mode ?? dtype?.config?.name ?? dtype;
  if (mode || /^(u?int[48]|float8|gptq|awq).*_from_/.test(name)) {
    throw new Error(`its weights are quantised, ${name}: save the model before quantize().`);
  }
  if (typeof name !== 'string') return name;
  if (/float(16|64)$/.test(name)) return 'float32';
  return /^u?int(8|16|32|64)$/.test(name) ? 'int32' : name;
}
