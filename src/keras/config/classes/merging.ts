import {MaskedMerge} from '../../layers/masks.js';
import {
  Add,
  Average,
  Concatenate,
  Dot,
  Maximum,
  Minimum,
  Multiply,
  Subtract,
} from '../../layers/merging.js';
import type {KerasClass, KerasClasses} from './row.js';

/**
 * Keras 3 hands a layer the masks of a list only since 3.4 (`tree.map_structure` in
 * `Layer.__call__`); until then merging layers have none.
 *
 * Source: `compute_mask` of layers/merging/base_merge.py and concatenate.py.
 */
const merges: KerasClass = {masks: {'2.0': 'all', '3.0': 'none', '3.4': 'any'}};

/** Source: `_merge_function` of layers/merging/multiply.py, maximum.py and minimum.py. */
const mergesUnmasked: KerasClass = {...merges, masked: {'3.4': MaskedMerge}};

export const merging: KerasClasses = {
  Add: {...merges, layer: Add},
  Average: {...merges, layer: Average},
  Concatenate: {
    layer: Concatenate,
    masks: {'2.0': 'concatenates all', '3.0': 'none', '3.4': 'concatenates any'},
  },
  Dot: {layer: Dot},
  Maximum: {...mergesUnmasked, layer: Maximum},
  Minimum: {...mergesUnmasked, layer: Minimum},
  Multiply: {...mergesUnmasked, layer: Multiply},
  Subtract: {...merges, layer: Subtract},

  // Not of Keras: what the loader puts in the place of Maximum, Minimum and Multiply
  MaskedMerge: {layer: MaskedMerge},
};
