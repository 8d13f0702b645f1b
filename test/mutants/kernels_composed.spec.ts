/** The specs that bear on `src/kernels/composed`, in one file, so that tfjs is loaded once for each mutant. */
import '../spec/kernels/contract.spec.js';
