/** Whether a normalisation that is only to be computed is faster as several ops of tfjs. */
import {traits} from '../kernels/traits.js';
import {movesAxes} from './row_view.js';

/**
 * Whether the axes would have to be moved, on a backend where that costs more than one kernel saves.
 *
 * @param axes Non-negative, distinct.
 */
export function composedIsFaster(shape: readonly number[], axes: readonly number[]): boolean {
  return movesAxes(shape, axes) && traits().transposesSlowly;
}
