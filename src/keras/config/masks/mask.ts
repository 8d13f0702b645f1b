/** What stands for a mask while a model is translated: how it comes about, not its values. */
import type {Reference} from '../calls.js';

/**
 * How masks are combined into one. `concat`: one after the other, along the steps. `any`: a step is
 * seen where any part of it is, in a mask that has more dimensions than the steps.
 */
export type Combination = 'and' | 'or' | 'concat' | 'any';

export type Mask =
  /** Made of the values of a tensor: 1 where they are not `maskValue`. */
  | {kind: 'made'; name: string; of: Reference; maskValue: number; overFeatures: boolean}
  /** A tensor of the model, which its user gave as a mask. */
  | {kind: 'tensor'; ref: Reference}
  /** What a nested model is given for one of its inputs. */
  | {kind: 'given'; input: number}
  /** What a nested model gives beside one of its outputs. */
  | {kind: 'nested'; layer: string; call: number; output: number}
  /** Several in one; a tensor without a mask stands for a mask of ones. */
  | {kind: 'combined'; name: string; how: Combination; parts: Part[]}
  /** One that a model cannot be opened with, if a layer uses it: `reason` says why. */
  | {kind: 'unknown'; reason: string};

export type Part = {mask: Mask} | {unmasked: Reference};

/** Two masks of one key have the same values. */
export function keyOf(mask: Mask): string {
  if (mask.kind === 'combined') {
    const parts = mask.parts.map((part) =>
      'mask' in part ? keyOf(part.mask) : `ones ${part.unmasked}`,
    );
    return JSON.stringify([mask.how, parts]);
  }
  const {name: _, ...rest} = {name: '', ...mask};
  return JSON.stringify(rest);
}

/** Several masks as one. Of masks that are all the same there is nothing to combine. */
export function combine(how: Combination, name: string, parts: Part[]): Mask {
  const keys = new Set(parts.map((part) => ('mask' in part ? keyOf(part.mask) : '')));
  const [first] = parts;
  const isOne = how === 'and' || how === 'or';
  if (isOne && keys.size === 1 && 'mask' in first) return first.mask;
  return {kind: 'combined', name, how, parts};
}
