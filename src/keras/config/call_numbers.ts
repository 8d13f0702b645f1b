/**
 * The numbers of calls in files of Keras, in this folder, and in tfjs.
 *
 * Keras 2 and tfjs call the first call of a nested model its call 1, since call 0 is the model's own.
 * In Keras 3 it is call 0, but call 1 where a Functional's gives the output of the model around it.
 * Here all begin with 0.
 */
import type {Reference} from './calls.js';
import {layersOf, nameOf, type SavedLayer} from './saved.js';

/** A layer with its calls, each with the tensors that it is given. */
interface Called {
  name: string;
  calls: {inputs: Reference[]}[];
}

export class CallNumbers {
  private readonly models: Map<string, SavedLayer>;

  constructor(saved: SavedLayer[]) {
    this.models = new Map(saved.filter(layersOf).map((layer) => [nameOf(layer), layer]));
  }

  /** A tensor that a call takes. */
  fromZero(ref: Reference): Reference {
    return this.shifted(ref, this.isOfKeras2(ref) ? -1 : 0);
  }

  /** A tensor that is an output of the model. */
  outputFromZero(ref: Reference): Reference {
    const isFunctional = Boolean(this.models.get(ref[0])?.config.output_layers);
    return this.shifted(ref, this.isOfKeras2(ref) || isFunctional ? -1 : 0);
  }

  /** @param places for each layer, which in turn tfjs makes each of its calls */
  inTfjs([name, call, output]: Reference, places: Map<string, number[]>): Reference {
    const place = places.get(name)?.[call] ?? call;
    return this.shifted([name, place, output], 1);
  }

  private isOfKeras2([name]: Reference): boolean {
    return this.models.get(name)?.inbound_nodes?.every(Array.isArray) ?? false;
  }

  private shifted([name, call, output]: Reference, by: number): Reference {
    return [name, this.models.has(name) ? call + by : call, output];
  }
}

/**
 * Which in turn tfjs makes each call of a layer. It numbers a layer's calls as it comes to make them,
 * which is not their order where the inputs of an earlier one are made later.
 *
 * Source: `fromConfig` of tfjs-layers/src/engine/container.ts, whose rounds are made here. The calls
 * must be such as can all be made (`check_calls.ts`).
 */
export function placesInTfjs(layers: Called[]): Map<string, number[]> {
  const places = new Map(layers.map(({name}) => [name, [] as number[]]));
  const calls = new Map(layers.map(({name, calls}) => [name, calls]));
  const isMade = ([name, call]: Reference) =>
    !calls.get(name)?.length || places.get(name)?.[call] !== undefined;
  let waiting = layers.map(({name, calls}) => ({name, left: calls.map((_, i) => i), next: 0}));
  while (waiting.length) {
    for (const layer of waiting) {
      layer.left = layer.left.filter((call) => {
        if (!calls.get(layer.name)?.[call].inputs.every(isMade)) return true;
        (places.get(layer.name) as number[])[call] = layer.next++;
        return false;
      });
    }
    waiting = waiting.filter(({left}) => left.length > 0);
  }
  return places;
}
