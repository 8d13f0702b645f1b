/**
 * What a mask is that a call is given by keyword. Keras 3 up to 3.9 notes down all masks of all calls
 * so, with the operations that make them as layers of the model, and later versions many of them.
 */
import {type Argument, type Reference, references, savedCalls} from '../calls.js';
import {type Json, nameOf, type SavedLayer} from '../saved.js';
import {combine, type Mask, type Part} from './mask.js';

/**
 * @param layers all layers of the model, operations among them.
 * @param fromZero numbers the calls of a tensor as `read_graph.ts` does.
 * @throws Error It is no tensor.
 */
export function maskOfArgument(
  argument: Argument,
  layers: SavedLayer[],
  fromZero: (ref: Reference) => Reference,
): Mask | null {
  if (argument == null) return null;
  const refs = references(argument);
  if (refs.length !== 1) throw new Error(`a mask must be one tensor, but is ${refs.length}.`);
  const reader = new Reader(new Map(layers.map((layer) => [nameOf(layer), layer])), fromZero);
  const read = reader.read(refs[0], 0);
  return read && 'mask' in read ? read.mask : {kind: 'tensor', ref: fromZero(refs[0])};
}

/** Masks of masks of masks: deeper ones are left to the operations that Keras saved. */
const MOST_DEPTH = 40;

/** What an operation that makes masks gives. */
type Read =
  | {mask: Mask}
  /** A mask for each feature of each step: the same for all of them, or of several tensors joined. */
  | {wide: Part}
  | {joined: Part[]; alongSteps: boolean}
  /** Zeros of the shape of a tensor, in which a mask is spread out by an `or`. */
  | {zeros: true};

class Reader {
  constructor(
    private readonly layers: Map<string, SavedLayer>,
    private readonly fromZero: (ref: Reference) => Reference,
  ) {}

  /** undefined: it is made by none of the operations by which Keras makes masks. */
  read(saved: Reference, depth: number): Read | undefined {
    const layer = this.layers.get(saved[0]);
    const name = layer && operationName(layer);
    if (!layer || !name || depth > MOST_DEPTH) return undefined;
    const [call] = savedCalls(layer);
    if (!call) return undefined;
    const given: Argument[] = [...call.args, ...Object.values(call.kwargs)];
    const tensors = given.flatMap(references);
    const reads = () => tensors.map((tensor) => this.read(tensor, depth + 1));
    const option = (key: string) => call.kwargs[key] ?? layer.config[key];
    const overLast = String(option('axis')) === '-1';
    switch (name) {
      case 'NotEqual':
        return this.notEqual(saved[0], tensors, given);
      case 'Any':
        return overLast && !option('keepdims') ? any(saved[0], reads()[0]) : undefined;
      case 'LogicalOr':
      case 'LogicalAnd':
        return logical(name, saved[0], reads());
      case 'OnesLike':
        return {wide: {unmasked: this.fromZero(tensors[0])}};
      case 'ZerosLike':
        return {zeros: true};
      case 'ExpandDims': {
        const [mask] = reads();
        return overLast && mask && 'mask' in mask ? {wide: mask} : undefined;
      }
      case 'BroadcastTo': {
        const [wide] = reads();
        return wide && 'wide' in wide ? wide : undefined;
      }
      case 'Concatenate':
        return concatenate(reads(), option('axis'));
      default:
        return undefined;
    }
  }

  private notEqual(name: string, tensors: Reference[], given: Argument[]): Read | undefined {
    const maskValue = given.find((value) => typeof value === 'number');
    if (tensors.length !== 1 || maskValue === undefined) return undefined;
    const of = this.fromZero(tensors[0]);
    return {mask: {kind: 'made', name, of, maskValue, overFeatures: false}};
  }
}

function any(name: string, read: Read | undefined): Read | undefined {
  if (!read) return undefined;
  if ('joined' in read) {
    const {joined, alongSteps} = read;
    if (joined.every((part) => 'unmasked' in part)) return undefined;
    return {mask: combine(alongSteps ? 'concat' : 'or', name, joined)};
  }
  if (!('mask' in read) || read.mask.kind !== 'made' || read.mask.overFeatures) return undefined;
  return {mask: {...read.mask, name, overFeatures: true}};
}

function logical(name: string, as: string, reads: (Read | undefined)[]): Read | undefined {
  const [a, b] = reads;
  if (!a || !b || reads.length !== 2) return undefined;
  const how = name === 'LogicalOr' ? 'or' : 'and';
  if ('mask' in a && 'mask' in b) return {mask: combine(how, as, [a, b])};
  const isSpread = how === 'or' && 'wide' in a && 'zeros' in b;
  return isSpread ? a : undefined;
}

function concatenate(reads: (Read | undefined)[], axis: unknown): Read | undefined {
  const joined = reads.flatMap((read) => (read && 'wide' in read ? [read.wide] : []));
  const alongSteps = axis === 1 || axis === -2;
  if (joined.length < reads.length || !(alongSteps || axis === -1 || axis === 2)) return undefined;
  return {joined, alongSteps};
}

/** The operation's name in Keras 3. */
function operationName({class_name, module, config}: SavedLayer): string | undefined {
  if (class_name === 'TFOpLambda') {
    return config.function === 'math.not_equal' ? 'NotEqual' : undefined;
  }
  // An .h5 file says no module; its layers say whether they are trainable, operations do not.
  const isOperation = module == null ? isBare(config) : /^keras\.(src\.)?ops\./.test(module);
  return isOperation ? class_name : undefined;
}

const isBare = (config: Json) => !('trainable' in config);
