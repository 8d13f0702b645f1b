/** The TensorFlow ops `TfjsLayerNorm` and `TfjsLayerNormGrad`. */
#ifndef OPS_H
#define OPS_H

/**
 * Registers both ops and their kernels with the libtensorflow in this process. Safe to repeat, from
 * any thread.
 *
 * @return NULL, or what went wrong.
 */
const char* register_ops(void);

#endif
