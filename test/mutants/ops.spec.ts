/** The specs that bear on `src/ops`, in one file, so that tfjs is loaded once for each mutant. */
import '../spec/op/errors.spec.js';
import '../spec/kernels/contract.spec.js';
import '../spec/op/invariants.spec.js';
import '../spec/op/fixtures.spec.js';
import '../spec/op/memory.spec.js';
