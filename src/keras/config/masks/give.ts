/**
 * Hands the masks that `follow.ts` finds to the layers that tfjs would leave without, or give a wrong
 * one (`../../layers/masks.ts` says why), and adds the layers that make them.
 */
import {type Reference, references} from '../calls.js';
import {rowOf} from '../classes/index.js';
import type {LayerClass} from '../classes/row.js';
import {freeName} from '../free_name.js';
import {type Graph, type GraphCall, type GraphLayer, plainCall} from '../read_graph.js';
import {type Json, layersOf, type SavedLayer} from '../saved.js';
import {inVersion, type KerasVersion} from '../version.js';
import {callKey, type Followed, type Found} from './follow.js';
import {keyOf, type Mask} from './mask.js';

/** The masks that cross the border of a nested model. */
export interface Crossing {
  /** Whether each of its inputs comes with a mask. */
  given: boolean[];
  /** The outputs whose masks the model around it needs. */
  exposed: number[];
}

export interface Masked {
  layers: GraphLayer[];
  outputs: Reference[];
  /** The names of the inputs that take masks, after the model's own, and whose masks they are. */
  maskInputs: string[];
  maskedInputs: number[];
}

/** A nested model as tfjs has it. */
export interface TranslatedModel {
  class_name: string;
  config: Json;
  /** The inputs whose masks the model takes, as inputs after its own. */
  maskedInputs: number[];
}

/**
 * The model with its calls changed where a layer needs a mask.
 *
 * @param translateNested translates a model in the place of a layer.
 * @throws Error A layer is called with masks and without, which one layer of tfjs cannot do.
 */
export function giveMasks(
  graph: Graph,
  followed: Followed,
  {exposed}: Crossing,
  version: KerasVersion,
  translateNested: (saved: SavedLayer, crossing: Crossing) => TranslatedModel,
): Masked {
  return new Giver(graph, followed, version, translateNested).run(exposed);
}

class Giver {
  private readonly added = new Map<string, GraphLayer>();
  /** The tensors that masks are in, by the masks' keys. */
  private readonly made = new Map<string, Reference>();
  private readonly maskInputs = new Map<number, Reference>();
  /** The outputs whose masks are needed, by nested model. */
  private readonly exposed = new Map<string, number[]>();
  private readonly byName: Map<string, GraphLayer>;

  constructor(
    private readonly graph: Graph,
    private readonly followed: Followed,
    private readonly version: KerasVersion,
    private readonly translateNested: (saved: SavedLayer, crossing: Crossing) => TranslatedModel,
  ) {
    this.byName = new Map(graph.layers.map((layer) => [layer.name, layer]));
  }

  run(exposed: number[]): Masked {
    const outputMasks = exposed.map((output) =>
      this.tensorOf(this.followed.outputs[output] as Mask),
    );
    const layers = this.graph.layers.map((layer) =>
      layersOf(layer.saved) ? layer : this.withMasks(layer),
    );
    // From the last to the first: a nested model may need masks that one before it gives.
    const last = new Map(this.graph.order.map(({layer}, i) => [layer, i]));
    const models = layers
      .filter(({saved}) => layersOf(saved))
      .sort((a, b) => (last.get(b.name) ?? 0) - (last.get(a.name) ?? 0))
      .map((layer) => this.nested(layer));
    const translated = new Map(models.map((layer) => [layer.name, layer]));
    const all = [
      ...layers.map((layer) => translated.get(layer.name) ?? layer),
      ...this.added.values(),
    ];
    return {
      layers: all,
      outputs: [...this.graph.outputs, ...outputMasks],
      maskInputs: [...this.maskInputs.values()].map(([name]) => name),
      maskedInputs: [...this.maskInputs.keys()],
    };
  }

  private found(layer: GraphLayer, call: number): Found {
    const none = {used: {}, inputs: layer.calls[call].inputs.map(() => null), native: false};
    return this.followed.calls.get(callKey(layer.name, call)) ?? none;
  }

  private withMasks(layer: GraphLayer): GraphLayer {
    const {usesMask, masked} = layer.row;
    if (masked) return this.merging(layer);
    if (!usesMask) return layer;
    const give = {
      attached: this.attached,
      input: this.asInput,
      inner: this.asInput,
      named: this.named,
      own: this.named,
    }[usesMask];
    return {...layer, calls: layer.calls.map((call, i) => give.call(this, layer, call, i))};
  }

  /** A recurrent layer's call: tfjs gives it the mask that its input carries. */
  private attached(layer: GraphLayer, call: GraphCall, i: number): GraphCall {
    const {used, native} = this.found(layer, i);
    const {mask} = used;
    const [first, ...others] = call.inputs;
    if (native) return call;
    // Without a mask of ones it would be handed that of whichever layer ran before it.
    const inputs = mask ? [first, this.tensorOf(mask)] : [first];
    return {...call, inputs: [this.attach(`${layer.name}_masked_${i}`, inputs), ...others]};
  }

  private asInput(layer: GraphLayer, call: GraphCall, i: number): GraphCall {
    const {mask} = this.found(layer, i).used;
    if (!mask) return call;
    return {
      ...call,
      inputs: [...call.inputs, this.tensorOf(mask)],
      names: [...call.names, 'mask'],
    };
  }

  private named(layer: GraphLayer, call: GraphCall, i: number): GraphCall {
    const masks = Object.entries(this.found(layer, i).used);
    return {
      ...call,
      inputs: [...call.inputs, ...masks.map(([, mask]) => this.tensorOf(mask))],
      names: [...call.names, ...masks.map(([name]) => name)],
    };
  }

  /** A merging layer, whose values are other ones where its inputs are masked. */
  private merging(layer: GraphLayer): GraphLayer {
    const by: LayerClass | undefined = inVersion(layer.row.masked ?? {}, this.version);
    const patterns = layer.calls.map((_, i) =>
      this.found(layer, i).inputs.flatMap((mask, input) => (mask ? [input] : [])),
    );
    const [masked = []] = patterns;
    if (!by || patterns.every((pattern) => !pattern.length)) return layer;
    this.expectAlike(layer, patterns);
    const calls = layer.calls.map((call, i) => {
      const masks = this.found(layer, i).inputs.flatMap((mask) =>
        mask ? [this.tensorOf(mask)] : [],
      );
      return {...call, inputs: [...call.inputs, ...masks]};
    });
    // Its inputs' names are `inputs` all: tfjs's class is not told which of them are masks.
    const config = {name: layer.name, merge: layer.className.toLowerCase(), masked};
    return {...layer, calls, translated: {class_name: by.className, config}};
  }

  private nested(layer: GraphLayer): GraphLayer {
    const saved = layer.saved as SavedLayer;
    const exposed = this.exposed.get(layer.name) ?? [];
    const models = layer.calls.map((_, i) => {
      const given = this.found(layer, i).inputs.map((mask) => mask !== null);
      return this.translateNested(saved, {given, exposed});
    });
    this.expectAlike(layer, models);
    const [{maskedInputs, ...translated}] = models;
    const calls = layer.calls.map((call, i) => {
      const {inputs} = this.found(layer, i);
      const masks = maskedInputs.map((input) => this.tensorOf(inputs[input] as Mask));
      return {...call, inputs: [...call.inputs, ...masks]};
    });
    return {...layer, calls, translated};
  }

  private expectAlike(layer: GraphLayer, patterns: unknown[]): void {
    if (new Set(patterns.map((pattern) => JSON.stringify(pattern))).size <= 1) return;
    throw new Error(
      `${layer.className} layer "${layer.name}" is called with masked inputs and with others, which ` +
        'one layer of tfjs cannot do. In Python, use a layer of its own for each of the calls.',
    );
  }

  private attach(name: string, inputs: Reference[]): Reference {
    return this.add('AttachMask', name, {}, inputs);
  }

  private add(className: string, name: string, config: Json, inputs: Reference[]): Reference {
    const free = this.freeName(name);
    this.added.set(free, {
      name: free,
      className,
      row: rowOf({class_name: className, config}),
      config: {name: free, ...config},
      calls: [plainCall(inputs)],
    });
    return [free, 0, 0];
  }

  private freeName(name: string): string {
    return freeName(name, (each) => this.byName.has(each) || this.added.has(each));
  }

  /** The tensor that a mask is in, with the layer that makes it. */
  private tensorOf(mask: Mask): Reference {
    const key = keyOf(mask);
    const ref = this.made.get(key) ?? this.makeTensor(mask);
    this.made.set(key, ref);
    return ref;
  }

  private makeTensor(mask: Mask): Reference {
    switch (mask.kind) {
      case 'unknown':
        throw new Error(mask.reason);
      case 'made': {
        const config = {mask_value: mask.maskValue, over_features: mask.overFeatures};
        // A mask operation that Keras saved has the name itself, but is left out of the model.
        return this.add('MaskOf', mask.name, config, [mask.of]);
      }
      case 'tensor':
        return mask.ref;
      case 'given':
        return this.maskInput(mask.input);
      case 'nested': {
        const exposed = this.exposed.get(mask.layer) ?? [];
        this.exposed.set(mask.layer, exposed);
        if (!exposed.includes(mask.output)) exposed.push(mask.output);
        const own = this.outputCount(mask.layer);
        return [mask.layer, mask.call, own + exposed.indexOf(mask.output)];
      }
      case 'combined': {
        const inputs = mask.parts.map((part) =>
          'mask' in part ? this.tensorOf(part.mask) : part.unmasked,
        );
        const unmasked = mask.parts.flatMap((part, i) => ('mask' in part ? [] : [i]));
        return this.add('CombineMasks', mask.name, {how: mask.how, unmasked}, inputs);
      }
    }
  }

  private outputCount(model: string): number {
    const outputs = this.byName.get(model)?.saved?.config.output_layers;
    return outputs ? references(outputs).length : 1;
  }

  /** An input of the model for the mask of one of its inputs. */
  private maskInput(input: number): Reference {
    const [name] = this.graph.inputs[input];
    const {config} = this.byName.get(name) as GraphLayer;
    const [batch, steps] = config.batch_shape ?? config.batch_input_shape ?? [null, null];
    const masked = this.freeName(`${name}_mask`);
    this.added.set(masked, {
      name: masked,
      className: 'InputLayer',
      row: {},
      config: {name: masked, batch_input_shape: [batch, steps], dtype: 'float32', sparse: false},
      calls: [],
    });
    const ref: Reference = [masked, 0, 0];
    this.maskInputs.set(input, ref);
    return ref;
  }
}
