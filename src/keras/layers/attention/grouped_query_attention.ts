/** Attention in which several heads of the query share a head of the keys and of the values. */
import type {serialization} from '@tensorflow/tfjs-core';
import type {Shape} from '@tensorflow/tfjs-layers';
import {MultiHeadAttention, type MultiHeadAttentionArgs} from './multi_head_attention.js';

type Own = 'numHeads' | 'keyDim' | 'valueDim' | 'outputShape' | 'attentionAxes';

export interface GroupQueryAttentionArgs extends Omit<MultiHeadAttentionArgs, Own> {
  /** Width of each head. */
  headDim: number;
  numQueryHeads: number;
  /** It divides the number of the query's heads. */
  numKeyValueHeads: number;
}

/**
 * Grouped-query attention: Ainslie et al. 2023 (arXiv 2305.13245). Keras's class is
 * `GroupedQueryAttention`, which it exports and saves as `GroupQueryAttention`.
 */
export class GroupQueryAttention extends MultiHeadAttention {
  /** @nocollapse */
  static override className = 'GroupQueryAttention';

  readonly numKeyValueHeads: number;

  /** @throws Error No positive number of heads, one that does not divide the other, or no width. */
  constructor({headDim, numQueryHeads, numKeyValueHeads, ...args}: GroupQueryAttentionArgs) {
    super({...args, numHeads: numQueryHeads, keyDim: headDim});
    this.numKeyValueHeads = this.positive('numKeyValueHeads', numKeyValueHeads);
    if (this.numHeads % this.numKeyValueHeads !== 0) {
      throw new Error(
        `${this.where()}: numKeyValueHeads, ${numKeyValueHeads}, must divide numQueryHeads, ` +
          `${numQueryHeads}.`,
      );
    }
  }

  /** @throws Error The query is not [batch, positions, features]. */
  override build(inputShape: Shape | Shape[]): void {
    const [query] = (Array.isArray(inputShape[0]) ? inputShape : [inputShape]) as Shape[];
    if (query.length !== 3) {
      throw new Error(`${this.where()}: the query must have 3 dimensions, but is [${query}].`);
    }
    super.build(inputShape);
  }

  override getConfig(): serialization.ConfigDict {
    const own = ['numHeads', 'keyDim', 'valueDim', 'outputShape', 'attentionAxes'];
    const config = Object.entries(super.getConfig()).filter(([name]) => !own.includes(name));
    return {
      ...Object.fromEntries(config),
      headDim: this.keyDim,
      numQueryHeads: this.numHeads,
      numKeyValueHeads: this.numKeyValueHeads,
    };
  }

  protected override get keyValueHeads(): number {
    return this.numKeyValueHeads;
  }
}
