/** Penalties on what layers give. */
import {inVersion, type KerasVersion} from './version.js';

/** Keras 3 divides them by the size of the batch since 3.14, Keras 2 always. */
export const isPenaltyPerExample = (version: KerasVersion): boolean =>
  inVersion({'2.0': true, '3.0': false, '3.14': true}, version) === true;
