/** The specs that bear on `src/keras`, in one file, so that tfjs is loaded once for each mutant. */
import '../spec/keras/errors.spec.js';
import '../spec/keras/layers.spec.js';
import '../spec/keras/models.spec.js';
import '../spec/keras/sources.spec.js';
import '../unit/keras_files.test.js';
