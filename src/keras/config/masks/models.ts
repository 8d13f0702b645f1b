/** The models of a file, with what is known of their masks: each is read and followed once. */

import {LAYER_OPTIONS} from '../check.js';
import {maskRule, rowOf} from '../classes/index.js';
import {asGraph, type Graph, readGraph} from '../read_graph.js';
import {type Json, layersOf, type SavedLayer} from '../saved.js';
import type {KerasVersion} from '../version.js';
import {type Followed, followMasks} from './follow.js';

export class Models {
  /**
   * Whether there is a mask anywhere. tfjs hands a layer whose input has none that of whichever layer
   * ran before it, through the borders of models too.
   */
  readonly haveMasks: boolean;
  private readonly graphs = new Map<Json, Graph>();
  private readonly followed = new Map<Json, Map<string, Followed>>();

  constructor(
    private readonly model: SavedLayer,
    readonly version: KerasVersion,
  ) {
    this.haveMasks = hasMasks(model, version);
  }

  /** A model of either kind as a graph. */
  graphOf({config}: SavedLayer): Graph {
    const known = this.graphs.get(config);
    if (known) return known;
    const whole = config === this.model.config ? asGiven(config) : config;
    const graph = readGraph(whole.output_layers ? whole : asGraph(whole), this.version);
    this.graphs.set(config, graph);
    return graph;
  }

  /** @param given whether each of the model's inputs comes with a mask; none by default. */
  follow(saved: SavedLayer, given: boolean[] = []): Followed {
    const key = given.map(Number).join('');
    const ofModel = this.followed.get(saved.config) ?? new Map<string, Followed>();
    this.followed.set(saved.config, ofModel);
    const known = ofModel.get(key);
    if (known) return known;
    const followed = followMasks(this.graphOf(saved), this.version, given, (inner, innerGiven) =>
      this.follow(inner, innerGiven),
    );
    ofModel.set(key, followed);
    return followed;
  }
}

/**
 * The outermost model, whose user has its inputs and outputs in the order in which a dict of them was
 * given in Python. Keras itself counts them by their keys, and so do calls of nested models.
 */
function asGiven(config: Json): Json {
  const given = (tensors: Json) =>
    tensors && !Array.isArray(tensors) ? Object.values(tensors) : tensors;
  const {input_layers, output_layers} = config;
  return {...config, input_layers: given(input_layers), output_layers: given(output_layers)};
}

function hasMasks(saved: SavedLayer, version: KerasVersion): boolean {
  const {config, inbound_nodes = []} = saved;
  const row = rowOf(saved);
  if (maskRule(row, version) === 'makes' && (!row.masksIf || config[row.masksIf] === true)) {
    return true;
  }
  if (row.usesMask && inbound_nodes.some(givesMask)) return true;
  const inner = LAYER_OPTIONS.map((option) => config[option]).filter((each) => each?.class_name);
  return [...(layersOf(saved) ?? []), ...inner].some((each) => hasMasks(each, version));
}

/** Whether a call is given a mask by keyword, or by its place. */
function givesMask(node: Json): boolean {
  const kwargs: Json[] = Array.isArray(node)
    ? [node].flat(1).map((each) => each?.[3])
    : [node.kwargs];
  const last = Array.isArray(node) ? node.at(-1) : undefined;
  return [...kwargs, last].some(
    (each) =>
      each &&
      typeof each === 'object' &&
      Object.entries(each).some(([key, value]) => /(^|_)mask$/.test(key) && value != null),
  );
}
