/** The specs that bear on `src/kernels/cpu`, in one file, so that tfjs is loaded once for each mutant. */
import '../spec/kernels/cpu.spec.js';
