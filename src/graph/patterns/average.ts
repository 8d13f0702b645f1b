/** The mean of a tensor over some axes, in the ways in which graphs compute it. */
import {isAdd, isQuotient, type NodeDef} from '../graph_def.js';
import type {GraphIndex} from '../graph_index.js';

/**
 *     Mean, keep_dims                 Mean, Sum                       Sum
 *                                       |                              |
 *                                    Reshape to 1s, ExpandDims      Mul 1/n, RealDiv n
 *
 * BroadcastTo and Reshape may stand between any two; where a reduction drops its dimensions, one Reshape
 * brings them back as 1s on the way to where x's own dimensions are needed.
 *
 * Keras 2 weighs the mean of a group normalisation by its mask, which is 1 everywhere:
 *
 *     ones · tensor      ones + 0
 *           |               |
 *          Sum             Sum
 *            \             /
 *             '- DivNoNan '
 */
export interface Average {
  /** The reduction, or DivNoNan: two averages are the same one if this is the same node. */
  node: NodeDef;
  of: string;
  axes: number[];
  /** How many elements a sum is divided by, which is an average only of so many. Absent: a mean. */
  count?: number;
}

/** Goes from a result back to what it is made of, and remembers the nodes on its way. */
export class Walk {
  readonly inner: NodeDef[] = [];

  constructor(private readonly graph: GraphIndex) {}

  /** Through nodes that only give a tensor its dimensions; they are added to the path. */
  back(from: NodeDef | undefined, path: NodeDef[] = []): NodeDef | undefined {
    let node = from;
    for (; node && GIVES_DIMENSIONS.has(node.op); node = this.graph.inputNode(node, 0)) {
      this.inner.push(node);
      path.push(node);
    }
    return node;
  }

  /** The tensor whose square a node is. */
  squareOf(node: NodeDef | undefined): string | undefined {
    if (!node) return undefined;
    const [of, again] = this.graph.inputs(node);
    if (!(node.op === 'Square' || (node.op === 'Mul' && of === again))) return undefined;
    this.inner.push(node);
    return of;
  }

  /** @param before The nodes already passed, from where the dimensions of x are needed. */
  average(from: NodeDef | undefined, before: readonly NodeDef[] = []): Average | undefined {
    const path = [...before];
    const node = this.back(from, path);
    if (node?.op === 'Mean') return this.reduction(node, path);
    if (node?.op === 'DivNoNan' && path.length === 0) return this.weighted(node);
    if (!node || !(node.op === 'Mul' || isQuotient(node))) return undefined;
    const inputs = this.graph.inputs(node);
    const factors = inputs.map((ref) => this.graph.scalar(this.unbroadcast(ref)));
    const at = factors.findIndex((factor) => factor !== undefined);
    const factor = factors[at];
    if (factor === undefined || (isQuotient(node) && at !== 1)) return undefined;
    const count = wholeNumber(node.op === 'Mul' ? 1 / factor : factor);
    this.inner.push(node);
    const sum = this.back(this.graph.maker(inputs[1 - at]), path);
    if (sum?.op !== 'Sum' || count === undefined) return undefined;
    const found = this.reduction(sum, path);
    return found && {...found, count};
  }

  private weighted(node: NodeDef): Average | undefined {
    const [sum, total] = [0, 1].map((i) => this.graph.inputNode(node, i));
    if (sum?.op !== 'Sum' || total?.op !== 'Sum') return undefined;
    const [product, weights] = [sum, total].map((reduced) => this.graph.inputNode(reduced, 0));
    if (product?.op !== 'Mul' || !weights || !isAdd(weights)) return undefined;
    const [ones, zeros] = this.graph.inputs(weights);
    const of = this.graph.inputs(product).filter((ref) => ref !== ones);
    if (of.length !== 1 || !this.isOnes(ones)) return undefined;
    const zero = this.graph.maker(zeros);
    if (zero?.op !== 'ZerosLike') return undefined;
    const [own, all] = [sum, total].map((reduced) => this.reduction(reduced, []));
    if (!own || !all || !sameAxes(own.axes, all.axes)) return undefined;
    this.inner.push(node, product, weights, zero);
    return {node, of: of[0], axes: own.axes};
  }

  /** Whether a tensor is 1 everywhere, and only given other dimensions. */
  private isOnes(ref: string): boolean {
    let node = this.graph.maker(ref);
    while (node?.op === 'Reshape') node = this.graph.inputNode(node, 0);
    if (node?.op === 'Fill') return this.graph.scalar(this.graph.inputs(node)[1]) === 1;
    return node?.op === 'OnesLike';
  }

  private unbroadcast(ref: string): string {
    const node = this.graph.maker(ref);
    return node?.op === 'BroadcastTo' ? this.graph.inputs(node)[0] : ref;
  }

  /** A reduction whose dimensions stay, or come back on the path from it. */
  private reduction(node: NodeDef, path: NodeDef[]): Average | undefined {
    const [of, axisRef] = this.graph.inputs(node);
    const axes = this.graph.constant(axisRef)?.values;
    if (!axes || axes.length === 0) return undefined;
    const keeps = node.attr?.keep_dims?.b === true;
    const reshapes = path.filter(({op}) => op !== 'BroadcastTo');
    if (keeps ? reshapes.length > 0 : reshapes.length !== 1) return undefined;
    if (!keeps && !this.bringsBack(reshapes[0], axes)) return undefined;
    this.inner.push(node);
    return {node, of, axes};
  }

  /** Whether a Reshape's shape has a 1 for each axis, or ExpandDims puts the one axis back. */
  private bringsBack(node: NodeDef, axes: number[]): boolean {
    const shapeRef = this.graph.inputs(node)[1];
    if (node.op === 'ExpandDims')
      return axes.length === 1 && this.graph.scalar(shapeRef) === axes[0];
    const pack = this.graph.maker(shapeRef);
    const shape =
      pack?.op === 'Pack'
        ? this.graph.inputs(pack).map((ref) => this.graph.scalar(ref))
        : this.graph.constant(shapeRef)?.values;
    if (!shape) return false;
    return axes.every((axis) => shape[axis < 0 ? axis + shape.length : axis] === 1);
  }
}

const GIVES_DIMENSIONS = new Set(['BroadcastTo', 'Reshape', 'ExpandDims']);

/** 1/n is rounded in a graph. */
function wholeNumber(value: number): number | undefined {
  const whole = Math.round(value);
  return whole >= 1 && Math.abs(value - whole) <= 1e-5 * whole ? whole : undefined;
}

/** Whether two lists name the same axes. An axis that one counts from the end is not recognised. */
export function sameAxes(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((axis) => b.includes(axis));
}
