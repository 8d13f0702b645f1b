/** The specs that bear on `src/gradients`, in one file, so that tfjs is loaded once for each mutant. */
import '../spec/op/fixtures.spec.js';
import '../spec/op/gradients.spec.js';
