/** The specs that bear on `src/layers`, in one file, so that tfjs is loaded once for each mutant. */
import '../spec/op/errors.spec.js';
import '../spec/layers/group_and_unit.spec.js';
import '../spec/layers/layer.spec.js';
import '../spec/op/fixtures.spec.js';
