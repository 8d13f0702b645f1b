/**
 * The kernels of tfjs that models depend on and that are wrong or very slow on a backend. The loaders of models
 * put others in their place, which call them in another way; a backend that is right keeps its own.
 */
import {mendChoices} from './choices.js';
import {mendMatMul} from './mat_mul.js';
import {mendVectorOperands} from './vector_operands.js';

/** Mends the backends that are there. Safe to repeat, and to be repeated when a backend has come. */
export function mendKernels(): void {
  mendChoices();
  mendMatMul();
  mendVectorOperands();
}
