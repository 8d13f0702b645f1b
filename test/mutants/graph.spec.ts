/** The specs that bear on `src/graph`, in one file, so that tfjs is loaded once for each mutant. */
import '../spec/graph/graph.spec.js';
import '../spec/graph/ops.spec.js';
import '../unit/fuse_graph.test.js';
import '../unit/graph_patterns.test.js';
