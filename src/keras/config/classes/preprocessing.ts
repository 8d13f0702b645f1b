import type {KerasClass, KerasClasses} from './row.js';

/** Keras 2 hands no mask on through a preprocessing layer, Keras 3 through these two. */
const passesIn3: KerasClass = {masks: {'3.0': 'passes'}};

export const preprocessing: KerasClasses = {
  Normalization: passesIn3,
  Rescaling: passesIn3,
};
