/** The specs that bear on `src/graph`, in one file, so that tfjs is loaded once for each mutant. */
import '../unit/graph_patterns.test.js';
import '../unit/fuse_graph.test.js';
import '../unit/graph_load.test.js';
import '../unit/graph_changes.test.js';
import '../unit/graph_control.test.js';
import '../unit/graph_defaults.test.js';
import '../unit/graph_norm_ops.test.js';
import '../unit/graph_other_backends.test.js';
import '../spec/graph/ops.spec.js';
import '../spec/graph/supplied_ops.spec.js';
import '../spec/graph/graph.spec.js';
import '../spec/graph/fuzz.spec.js';
