/** Layers of a user's own class: their options, and the arguments of their calls. */
import {camelCaseKeys} from '../../layers/camel_case.js';
import type {SavedArgument} from '../layers/keras_call.js';
import {isBuiltIn} from '../layers/register.js';
import {
  type Argument,
  type Call,
  type Reference,
  type SavedCall,
  savedCalls,
  TensorArgument,
} from './calls.js';
import {rowOf} from './classes/index.js';
import {libraryRow} from './classes/libraries.js';
import {classOf, isUsersOwn, type Json, type SavedLayer} from './saved.js';

/** Whether neither Keras's classes nor those of tfjs have it. */
export function isOwnClass(saved: SavedLayer): boolean {
  if (isUsersOwn(saved)) return libraryRow(saved) === undefined;
  return !isBuiltIn(rowOf(saved).playedBy ?? classOf(saved));
}

/**
 * The names under which a class may be registered. The first is unlike that of any class of Keras;
 * that of the class in Python may differ from that which it was registered by there.
 */
export function ownNames({class_name, registered_name, ...saved}: SavedLayer): string[] {
  const full = registered_name ?? class_name;
  const className = classOf({class_name});
  const {module} = saved;
  const names = [full, classOf({class_name: full}), className];
  if (module && !full.includes('>')) names.unshift(`${module}>${className}`);
  return [...new Set(names)];
}

/** The option in which the options of such a class are kept from tfjs, which changes their words. */
const KEPT = 'own_config';

/** What an option is that tfjs's own layers would be given, too. */
const IDENTIFIER = /(initializer|regularizer|constraint|activation)$/;

/**
 * The options as the class gets them: the keys in camelCase, as tfjs has them; texts as they were
 * saved, but for the names of what tfjs has itself; objects of Keras as `{className, config}`.
 */
export function keptConfig(config: Json): Json {
  const options = Object.entries<Json>(config).map(([key, value]): [string, Json] => {
    const isName = IDENTIFIER.test(key) && typeof value === 'string';
    return [camelCase(key), isName ? camelCase(value) : toTfjs(value)];
  });
  const text = JSON.stringify(Object.fromEntries(options));
  return {name: config.name, [KEPT]: {name: text}};
}

/** The options that were kept, if they were. */
export function unkeptConfig(config: Json): Json {
  const kept = config[camelCase(KEPT)];
  return kept ? {...JSON.parse(kept.name), name: config.name} : config;
}

function toTfjs(value: Json): Json {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(toTfjs);
  if (!('class_name' in value && 'config' in value)) {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, toTfjs(each)]));
  }
  return {className: value.class_name, config: camelCaseKeys(value.config)};
}

const camelCase = (name: string) => name.replace(/_+(\w)/g, (_, c: string) => c.toUpperCase());

/** The calls of such a class, with whatever arguments. */
export function ownCalls(saved: SavedLayer): Call[] {
  return savedCalls(saved).map(ownCall);
}

/**
 * Where the arguments are more than tensors in a list, which tfjs can give, they are among the
 * options that make a `KerasCall` of the layer.
 */
function ownCall({args, kwargs: {mask, ...kwargs}}: SavedCall): Call {
  const inputs: Reference[] = [];
  const save = (value: Argument): SavedArgument => {
    if (value instanceof TensorArgument) {
      inputs.push(value.reference);
      return {tensor: inputs.length - 1};
    }
    if (value === null || typeof value !== 'object') return {constant: value};
    if (value.class_name === '__tensor__' || value.class_name === '__numpy__') {
      return {constant: value.config?.value};
    }
    if (Array.isArray(value)) return {list: value.map(save)};
    return {keys: Object.keys(value), values: Object.values(value).map(save)};
  };
  const positional = args.map(save);
  const given = Object.entries(kwargs).filter(([key, value]) => value != null && key !== 'name');
  const keyword = given.map(([, value]) => save(value));
  const isList = (list: SavedArgument[]) => list.every((argument) => 'tensor' in argument);
  const [first] = positional;
  const isPlain =
    !given.length &&
    (isList(positional) || (positional.length === 1 && 'list' in first && isList(first.list)));
  const keywords = given.map(([key]) => key);
  return {
    inputs,
    names: inputs.map(() => 'inputs'),
    options: isPlain ? {} : {[ARGUMENTS]: {positional, keywords, keyword}},
    masks: mask == null ? {} : {mask},
    listed: Array.isArray(args[0]),
  };
}

/** The option of a call that makes a `KerasCall` of its layer. */
const ARGUMENTS = 'call_arguments';

/** A layer as tfjs builds it, with what its calls need. */
export function withArguments(layer: {class_name: string; config: Json}, options: Json): Json {
  const {[ARGUMENTS]: given, ...others} = options;
  const {class_name, config} = layer;
  if (!given) return {class_name, config: {...config, ...others}};
  return {
    class_name: 'KerasCall',
    config: {name: config.name, layer, [ARGUMENTS]: {name: JSON.stringify(given)}},
  };
}
