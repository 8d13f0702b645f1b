/** The specs that bear on `src/kernels/cpu`, in one file, so that tfjs is loaded once for each mutant. */
import '../spec/kernels/contract.spec.js';
import '../spec/op/faults.spec.js';
import '../spec/op/fixtures.spec.js';
import '../spec/op/gradients.spec.js';
import '../spec/op/invariants.spec.js';
import '../spec/op/memory.spec.js';
