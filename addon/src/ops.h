/** The TensorFlow ops `TfjsLayerNorm`, `TfjsLayerNormGrad` and `TfjsAddLayerNorm`. */
#ifndef OPS_H
#define OPS_H

/**
 * Registers the ops and their kernels with the libtensorflow in this process. Safe to repeat, from
 * any thread.
 *
 * @return NULL, or what went wrong.
 */
const char* register_ops(void);

#endif
