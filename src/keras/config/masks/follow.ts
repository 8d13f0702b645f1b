/**
 * Follows the masks through a functional model by the rules of the version of Keras that saved it, as
 * they are when the model runs: a mask is a property of a tensor, set by the layer that gives it, and
 * layers read it from the tensors that they are given.
 *
 * Source: `Layer.__call__` of keras/src/layers/layer.py, and of tf_keras/src/engine/base_layer.py.
 */
import type {Reference} from '../calls.js';
import {maskRule, rowOf} from '../classes/index.js';
import type {MaskRule} from '../classes/row.js';
import type {Graph, GraphCall, GraphLayer} from '../read_graph.js';
import {classOf, layersOf, type SavedLayer} from '../saved.js';
import {inVersion, type KerasVersion} from '../version.js';
import {type Combination, combine, keyOf, type Mask, type Part} from './mask.js';

/** What a call finds when it is made. */
export interface Found {
  /** The masks that the layer uses, by the names of its arguments. */
  used: Record<string, Mask>;
  /** The mask on each of its inputs. */
  inputs: (Mask | null)[];
  /** tfjs brings the mask that is used to the layer by itself. */
  native: boolean;
}

export interface Followed {
  calls: Map<string, Found>;
  /** The masks on the model's outputs. */
  outputs: (Mask | null)[];
  /** Whether each of the model's inputs has its mask still when all calls are made. */
  inputsKeep: boolean[];
}

/** A tensor, with the mask that is on it at the moment. */
interface Tensor {
  mask: Mask | null;
  /** A layer of tfjs that is given it would find the same mask. */
  native: boolean;
}

export const callKey = (layer: string, call: number) => `${call} ${layer}`;

/**
 * @param given whether each of the model's inputs comes with a mask.
 * @param followNested does the same for a model in the place of a layer.
 */
export function followMasks(
  graph: Graph,
  version: KerasVersion,
  given: boolean[],
  followNested: (saved: SavedLayer, given: boolean[]) => Followed,
): Followed {
  const follower = new Follower(graph, version, followNested);
  return follower.run(given);
}

class Follower {
  private readonly layers: Map<string, GraphLayer>;
  /** The outputs that were asked for so far, by call. */
  private readonly tensors = new Map<string, Tensor[]>();
  private readonly calls = new Map<string, Found>();

  constructor(
    private readonly graph: Graph,
    private readonly version: KerasVersion,
    private readonly followNested: (saved: SavedLayer, given: boolean[]) => Followed,
  ) {
    this.layers = new Map(graph.layers.map((layer) => [layer.name, layer]));
  }

  run(given: boolean[]): Followed {
    const {inputs, outputs, order} = this.graph;
    inputs.forEach(([name], input) => {
      const mask: Mask | null = given[input] ? {kind: 'given', input} : null;
      this.tensors.set(callKey(name, 0), [{mask, native: false}]);
    });
    for (const {layer: name, call} of order) {
      const layer = this.layers.get(name);
      const made = layer?.calls[call];
      if (layer && made) this.follow(layer, call, made);
    }
    return {
      calls: this.calls,
      outputs: outputs.map((ref) => this.at(ref).mask),
      inputsKeep: inputs.map((ref, i) => !given[i] || this.at(ref).mask !== null),
    };
  }

  private at([name, call, output]: Reference): Tensor {
    const key = callKey(name, call);
    const all = this.tensors.get(key) ?? [];
    this.tensors.set(key, all);
    all[output] ??= {mask: null, native: false};
    return all[output];
  }

  private follow(layer: GraphLayer, call: number, made: GraphCall): void {
    const inputs = made.inputs.map((ref) => this.at(ref));
    const found: Found = {
      used: this.masksUsed(layer, made, inputs),
      inputs: inputs.map(({mask}) => mask),
      native: false,
    };
    const {mask: used} = found.used;
    found.native = Boolean(
      used && inputs[0].native && inputs[0].mask && keyOf(inputs[0].mask) === keyOf(used),
    );
    this.calls.set(callKey(layer.name, call), found);
    const outputs = layersOf(layer.saved)
      ? this.outputsOfModel(layer, call, inputs)
      : this.outputsOfLayer(layer, call, made, inputs, found);
    this.tensors.set(callKey(layer.name, call), outputs);
  }

  /** The masks that a layer is given in a call, or fetches from its inputs. */
  private masksUsed(layer: GraphLayer, made: GraphCall, inputs: Tensor[]): Record<string, Mask> {
    const {usesMask} = layer.row;
    const used: Record<string, Mask> = {};
    if (usesMask === 'inner' && !this.usesMaskInside(layer, inputs[0].mask)) return used;
    const use = (name: string, mask?: Mask | null) => {
      if (mask) used[name] = mask;
    };
    const inKeras2 = this.version.major < 3;
    if (usesMask === 'named' && layer.row.listed) {
      const {mask: explicit} = made.masks;
      layer.row.listed.forEach((name, place) => {
        const i = made.names.indexOf(name);
        use(`${name}_mask`, explicit ? explicit[place] : inputs[i]?.mask);
      });
    } else if (usesMask === 'named') {
      for (const name of ['query', 'value', 'key']) {
        const i = made.names.indexOf(name);
        const own = i < 0 ? undefined : inputs[i].mask;
        const [explicit] = made.masks[`${name}_mask`] ?? [];
        // A layer that takes the masks off its inputs reads the query's from there, whatever it is told.
        const onlyOwn = name === 'query' && this.takesMasksOff(layer);
        use(`${name}_mask`, onlyOwn ? own : (explicit ?? own));
      }
    } else if (usesMask === 'own') {
      for (const name of layer.row.tensors ?? []) {
        use(`${name}_mask`, inputs[made.names.indexOf(name)]?.mask);
      }
    } else if (usesMask) {
      const [explicit] = made.masks.mask ?? [];
      const arguments_ = new Set(made.names);
      // Keras 3 looks for the mask of a call's only tensor; Keras 2 for that of the first.
      use('mask', explicit ?? (inKeras2 || arguments_.size === 1 ? inputs[0]?.mask : null));
    }
    return used;
  }

  private outputsOfLayer(
    layer: GraphLayer,
    call: number,
    made: GraphCall,
    inputs: Tensor[],
    found: Found,
  ): Tensor[] {
    const {row, config} = layer;
    const off = this.takesMasksOff(layer);
    const before = this.previousMasks(made, inputs, found);
    if (off) for (const tensor of inputs) tensor.mask = null;
    if (row.returnsInput && this.version.major >= 3) return [inputs[0]];
    const rule = maskRule(row, this.version);
    const none: Tensor = {mask: null, native: false};
    if (rule === 'makes') {
      if (row.masksIf && config[row.masksIf] !== true) return [none];
      if (row.masksUnless && made.options[row.masksUnless] === true) return [none];
      const mask = maskMadeBy(
        {class_name: layer.className, config},
        `${layer.name}_mask_${call}`,
        made.inputs[0],
      );
      return [{mask, native: row.layer === undefined}];
    }
    const isNamed = off && row.usesMask === 'named';
    const first = isNamed ? (found.used.query_mask ?? null) : (before?.[0] ?? null);
    if (rule === 'inner')
      return [{mask: this.maskOfInner(layer, call, made, first), native: false}];
    if (rule === 'passes') return [{mask: first, native: false}];
    if (rule === 'held') {
      const isPassed = maskRule(rowOf(config.layer), this.version) === 'passes';
      return [{mask: isPassed ? first : null, native: false}];
    }
    if (rule === 'steps') {
      const {return_sequences} = config.layer?.config ?? config;
      if (!return_sequences) return [none];
      const output = {mask: first, native: found.native && first !== null};
      return config.merge_mode === null ? [output, {...output}] : [output];
    }
    const name = `${layer.name}_mask_${call}`;
    return [{mask: merge(rule, name, before, made.inputs, config), native: false}];
  }

  /**
   * Whether the layer that a wrapper calls for each step computes otherwise where the step is masked.
   *
   * @throws Error It is a model that does.
   */
  private usesMaskInside({name, className, config}: GraphLayer, mask: Mask | null): boolean {
    let inner: SavedLayer = config.layer;
    while (rowOf(inner).usesMask === 'inner') inner = inner.config.layer;
    if (!layersOf(inner)) return rowOf(inner).usesMask !== undefined;
    if (!mask) return false;
    const {calls} = this.followNested(inner, [true]);
    if (![...calls.values()].some(({used}) => Object.values(used).some(isGiven))) return false;
    throw new Error(
      `${className} layer "${name}" gives the model in it a mask of each step, which is not supported. ` +
        'In Python, let that model make the mask, by an Embedding or a Masking in it.',
    );
  }

  /** What the layer inside a wrapper makes of the masks of the steps, as one mask of all steps. */
  private maskOfInner(
    {name, config, className}: GraphLayer,
    call: number,
    made: GraphCall,
    mask: Mask | null,
  ): Mask | null {
    const inner: SavedLayer = config.layer;
    const of = made.inputs[0];
    const ofSteps = mask && combine('any', `${name}_mask_${call}`, [{mask}]);
    if (layersOf(inner)) {
      const [output] = this.followNested(inner, [mask !== null]).outputs;
      if (output?.kind === 'given') return mask;
      const reason = `${className} layer "${name}" hands on the mask of the model in it, which is not supported.`;
      return output ? {kind: 'unknown', reason} : ofSteps;
    }
    const row = rowOf(inner);
    const rule = maskRule(row, this.version);
    if (rule === 'makes' && !(row.masksIf && inner.config[row.masksIf] !== true)) {
      return maskMadeBy(inner, `${name}_mask_${call}`, of);
    }
    const passes = rule === 'passes' || (rule === 'steps' && inner.config.return_sequences);
    return passes ? mask : ofSteps;
  }

  /** The masks that a layer makes its outputs' of; undefined: it is told of none. */
  private previousMasks(
    made: GraphCall,
    inputs: Tensor[],
    {used}: Found,
  ): (Mask | null)[] | undefined {
    const first = inputs.filter((_, i) => made.names[i] === made.names[0]);
    const own = first.map(({mask}) => mask);
    const {major, minor} = this.version;
    const given = made.masks.mask?.[0] ?? used.mask;
    if (major < 3) return given ? [given, ...own.slice(1)] : own;
    if (minor < 4 && made.listed) return undefined;
    if (minor >= 11 && given) return [given];
    return own;
  }

  private takesMasksOff({row, config}: GraphLayer): boolean {
    if (row.leavesMasksIf && config[row.leavesMasksIf] === true) return false;
    return row.takesMasksOff ? inVersion(row.takesMasksOff, this.version) === true : false;
  }

  private outputsOfModel(layer: GraphLayer, call: number, inputs: Tensor[]): Tensor[] {
    const given = inputs.map(({mask}) => mask !== null);
    const {outputs, inputsKeep} = this.followNested(layer.saved as SavedLayer, given);
    const before = inputs.map(({mask}) => mask);
    inputs.forEach((tensor, i) => {
      if (inputsKeep[i] === false) tensor.mask = null;
    });
    return outputs.map((mask, output) => {
      if (mask?.kind === 'given') return {mask: before[mask.input], native: false};
      const nested: Mask = {kind: 'nested', layer: layer.name, call, output};
      return {mask: mask && nested, native: false};
    });
  }
}

/** The mask that an Embedding or a Masking makes of its input. */
function maskMadeBy({class_name, config}: SavedLayer, name: string, of: Reference): Mask {
  const maskValue = config.mask_value ?? 0;
  return {kind: 'made', name, of, maskValue, overFeatures: classOf({class_name}) === 'Masking'};
}

const isGiven = (mask: Mask): boolean =>
  mask.kind === 'given' ||
  (mask.kind === 'combined' && mask.parts.some((part) => 'mask' in part && isGiven(part.mask)));

/** The mask of a layer that merges its inputs. */
function merge(
  rule: MaskRule,
  name: string,
  masks: (Mask | null)[] | undefined,
  inputs: Reference[],
  config: {axis?: number},
): Mask | null {
  if (!masks?.some((mask) => mask !== null)) return null;
  const there = masks.flatMap((mask): Part[] => (mask ? [{mask}] : []));
  const all = masks.map((mask, i): Part => (mask ? {mask} : {unmasked: inputs[i]}));
  const alongSteps = config.axis === 1 || config.axis === -2;
  const joined = (how: Combination) => combine(alongSteps ? 'concat' : how, name, all);
  if (rule === 'all') return combine('and', name, there);
  if (rule === 'any') return there.length === masks.length ? combine('or', name, there) : null;
  if (rule === 'concatenates all') return joined('and');
  if (rule === 'concatenates any') return joined('or');
  return null;
}
