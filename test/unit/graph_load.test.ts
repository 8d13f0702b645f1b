/** What a graph is changed into when it is loaded, beside its normalisations; and what is refused then. */
import '../support/quiet_cpu.js';
import {deregisterOp, registerOp} from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import type {AttrValue, FunctionDef, GraphDef, NodeDef} from '../../src/graph/graph_def.js';
import {fuseGraph, loadGraphModel} from '../../src/graph/index.js';
import {SUPPLIED_OPS} from '../../src/graph/ops/index.js';
import outputsOfOps from '../fixtures/graph_op_outputs.json';
import {GraphBuilder} from '../support/graph_builder.js';

beforeAll(() => {
  jest.spyOn(console, 'debug').mockImplementation(() => {});
  jest.spyOn(console, 'warn').mockImplementation(() => {});
});

function load(artifacts: tf.io.ModelArtifacts): tf.io.ModelArtifacts {
  return fuseGraph({load: () => artifacts}).load() as tf.io.ModelArtifacts;
}

function topology(artifacts: tf.io.ModelArtifacts): GraphDef {
  return artifacts.modelTopology as GraphDef;
}

const float = {T: {type: 'DT_FLOAT'}};

describe('which nodes get an op of this package:', () => {
  /** One node of the op. */
  function opOf(op: string, attr: Record<string, AttrValue>, huge?: number | number[]): string {
    const graph = new GraphBuilder();
    graph.op(op, 'out', [graph.input('x'), graph.input('y'), graph.input('z')]);
    graph.node('out').attr = attr;
    if (huge !== undefined) graph.floats('huge', huge);
    const node = topology(load(graph.artifacts(['out']))).node.find(({name}) => name === 'out');
    return node?.op ?? '';
  }

  const opsOf = (op: string, attrs: Record<string, AttrValue>[]) =>
    attrs.map((attr) => opOf(op, attr));
  const own = (op: string) => `Tfjs${op}`;
  const s = (text: string) => ({s: btoa(text)});

  test('those of integers, where tfjs computes floats rightly', () => {
    const ops = ['ArgMax', 'ArgMin', 'ClipByValue', 'Max', 'Mean', 'Min', 'Pow', 'Prod', 'Sum'];
    for (const op of [...ops, 'Transpose']) {
      expect([opOf(op, float), opOf(op, {T: {type: 1}})]).toEqual([op, op]);
      expect([opOf(op, {T: {type: 'DT_INT32'}}), opOf(op, {T: {type: 3}}), opOf(op, {})]).toEqual(
        Array(3).fill(own(op)),
      );
    }
  });

  test('searches for extremes in a graph with numbers that masks are made of', () => {
    for (const op of ['Max', 'Min', 'Softmax']) {
      expect([opOf(op, float, 9e19), opOf(op, float, Number.NEGATIVE_INFINITY)]).toEqual([op, op]);
      expect([opOf(op, float, -3e38), opOf(op, float, 2e20)]).toEqual([own(op), own(op)]);
      expect(opOf(op, float, [0, -3e38])).toBe(own(op));
      expect(opOf(op, float, [])).toBe(op);
    }
    expect(opOf('Mean', float, -3e38)).toBe('Mean');
  });

  test('by the data format and the dtype asked for', () => {
    expect(opsOf('BiasAdd', [{}, {data_format: s('NHWC')}])).toEqual(Array(2).fill('BiasAdd'));
    expect(opOf('BiasAdd', {data_format: s('NCHW')})).toBe(own('BiasAdd'));
    expect(opsOf('Cast', [{}, {DstT: {type: 'DT_FLOAT'}}, {DstT: {type: 3}}])).toEqual(
      Array(3).fill('Cast'),
    );
    expect([{type: 'DT_BOOL'}, {type: 10}].map((DstT) => opOf('Cast', {DstT}))).toEqual(
      Array(2).fill(own('Cast')),
    );
    const spaces = opsOf('SpaceToDepth', [{}, {data_format: s('NHWC')}]);
    expect(spaces).toEqual(Array(2).fill(own('SpaceToDepth')));
    expect(() => opOf('SpaceToDepth', {data_format: s('NCHW')})).toThrow(/can run: SpaceToDepth/);
  });

  test('all of the other ops', () => {
    const always = Object.keys(SUPPLIED_OPS).filter((op) => !SUPPLIED_OPS[op].isNeeded);
    const backend = (op: string) =>
      (SUPPLIED_OPS[op].kernels ?? []).every((kernel) => tf.getKernel(kernel, tf.getBackend()));
    const ours = always.filter(backend);
    expect(ours.length).toBeGreaterThan(35);
    expect(ours.map((op) => opOf(op, float))).toEqual(ours.map(own));
  });

  test('none that somebody has registered', () => {
    registerOp('Erfc', ({inputs: [x]}) => tf.neg(x as tf.Tensor));
    try {
      expect(opOf('Erfc', float)).toBe('Erfc');
    } finally {
      deregisterOp('Erfc');
    }
    expect(opOf('Erfc', float)).toBe('TfjsErfc');
  });

  test('letters in upper case become some that are free', () => {
    const graph = new GraphBuilder();
    graph.op('Einsum', 'out', [graph.input('x'), graph.input('y')], {equation: s('aBc,BA->acA')});
    const {attr} = topology(load(graph.artifacts(['out']))).node.find(
      ({name}) => name === 'out',
    ) as NodeDef;
    expect(atob(attr?.equation.s ?? '')).toBe('abc,bd->acd');
    const letters = [...'abcdefghijklmnopqrstuvwxyz'].join('');
    graph.node('out').attr = {equation: s(`${letters}A->`)};
    expect(() => load(graph.artifacts(['out']))).toThrow(/more than 26 letters/);
  });
});

test('outputs that a function names are those of TensorFlow', () => {
  for (const [op, outputs] of Object.entries(outputsOfOps)) {
    const f: FunctionDef = {
      signature: {name: 'f'},
      nodeDef: [
        {name: 'source', op, input: []},
        {name: 'user', op: 'NoOp', input: [...outputs.map((o) => `source:${o}:0`), '^source']},
        {name: 'list', op: 'Split', input: []},
        {name: 'last', op: 'NoOp', input: ['list:output:0', 'list:output:2', 'list', 'list:1']},
      ],
      ret: {last: `source:${outputs[1]}:0`},
    };
    const graph = new GraphBuilder();
    graph.op('Neg', 'out', [graph.input('x')]);
    const artifacts = graph.artifacts(['out']);
    const loaded = load({
      ...artifacts,
      modelTopology: {...artifacts.modelTopology, library: {function: [f]}},
    });
    const [own] = topology(loaded).library?.function ?? [];
    const indices = outputs.map((_, i) => (i === 0 ? 'source' : `source:${i}`));
    expect([op, own.nodeDef?.[1].input]).toEqual([op, indices]);
    expect(own.nodeDef?.[3].input).toEqual(['list', 'list:2', 'list', 'list:1']);
    expect(own.ret).toEqual({last: 'source:1'});
    expect(own.signature).toEqual({name: 'f', inputArg: [], outputArg: []});
  }
});

describe('gamma and beta lose the 1s before their last dimension', () => {
  function norm(shape: number[], change: (graph: GraphBuilder) => void = () => {}): GraphBuilder {
    const graph = new GraphBuilder();
    graph.input('x');
    graph.integers('axes', [-1]);
    graph.op('Mean', 'mean', ['x', 'axes'], {keep_dims: {b: true}});
    graph.op('SquaredDifference', 'difference', ['x', 'mean']);
    graph.op('Mean', 'variance', ['difference', 'axes'], {keep_dims: {b: true}});
    graph.op('AddV2', 'sum', ['variance', graph.floats('epsilon', 1e-3)]);
    graph.op('Rsqrt', 'rstd', ['sum']);
    graph.op('Sub', 'centred', ['x', 'mean']);
    graph.op('Mul', 'product', ['centred', 'rstd']);
    graph.op('Mul', 'scaled', ['product', graph.floats('gamma', [1, 2, 3, 4], shape)]);
    graph.op('AddV2', 'out', ['scaled', graph.floats('beta', [5, 6, 7, 8])]);
    change(graph);
    return graph;
  }
  const shapeOfGamma = (graph: GraphBuilder, outputs = ['out']) =>
    load(graph.artifacts(outputs)).weightSpecs?.find(({name}) => name === 'gamma')?.shape;
  const minRank = (graph: GraphBuilder) =>
    topology(load(graph.artifacts(['out']))).node.find(({op}) => op === 'TfjsLayerNorm')?.attr
      ?.min_rank;

  test('and the op knows how many dimensions the result has at least', () => {
    expect(shapeOfGamma(norm([1, 1, 4]))).toEqual([4]);
    expect(minRank(norm([1, 1, 4]))).toEqual({i: '3'});
    expect(shapeOfGamma(norm([1, 4]))).toEqual([4]);
    expect(minRank(norm([1, 4]))).toEqual({i: '2'});
  });

  test('unless they have others, none before it, or are asked for or used elsewhere', () => {
    expect(shapeOfGamma(norm([4, 1]))).toEqual([4, 1]);
    for (const shape of [
      [2, 2],
      [1, 2, 2],
      [2, 1, 2],
    ]) {
      expect(shapeOfGamma(norm(shape))).toEqual(shape);
      expect(minRank(norm(shape))).toBeUndefined();
    }
    expect(shapeOfGamma(norm([4]))).toEqual([4]);
    expect(minRank(norm([4]))).toBeUndefined();
    expect(shapeOfGamma(norm([1, 4]), ['out', 'gamma'])).toEqual([1, 4]);
    const elsewhere = norm([1, 4], (graph) => graph.op('Neg', 'negated', ['gamma']));
    expect(shapeOfGamma(elsewhere, ['out', 'negated'])).toEqual([1, 4]);
  });

  test.each([
    [[4], [1, 1, 4]],
    [
      [2, 4],
      [1, 2, 4],
    ],
    [
      [2, 1, 4],
      [2, 1, 4],
    ],
  ])('the result for x of the shape [%s] has the shape [%s]', async (shape, expected) => {
    const model = await loadGraphModel(tf.io.fromMemory(norm([1, 1, 4]).artifacts(['out'])));
    const rows = shape[0] === 4 ? 1 : 2;
    const row = [1, -1, 1, -1];
    const x = tf.tensor(Array(rows).fill(row).flat(), shape);
    const y = model.execute(x) as tf.Tensor;
    expect(y.shape).toEqual(expected);
    const rstd = 1 / Math.sqrt(1 + 1e-3); // The mean is 0, and the variance 1.
    const own = row.map((value, i) => value * rstd * (i + 1) + i + 5);
    for (const [i, value] of y.dataSync().entries()) expect(value).toBeCloseTo(own[i % 4], 5);
  });

  test('what is a scale here and x there keeps them', () => {
    const graph = norm([1, 4], (g) => {
      for (const node of g.nodes) node.input = node.input?.map((i) => (i === 'x' ? 'gamma' : i));
    });
    expect(shapeOfGamma(graph)).toEqual([1, 4]);
    expect(minRank(graph)).toBeUndefined();
  });

  test.each(['_FusedMatMul', '_FusedConv2D', 'FusedDepthwiseConv2dNative'])(
    'the bias of a fused product, too, but nothing else of it: %s',
    (op) => {
      const bias = (fusedOps: string[], take: (names: string[]) => string[] = (names) => names) => {
        const graph = new GraphBuilder();
        const names = [
          graph.input('x'),
          graph.floats('w', [1, 2], [1, 2]),
          graph.floats('b', [3, 4], [1, 2]),
          graph.floats('slope', [5, 6], [1, 2]),
        ];
        graph.op(op, 'out', take(names), {fused_ops: {list: {s: fusedOps.map(btoa)}}});
        const loaded = load(graph.artifacts(['out']));
        const node = topology(loaded).node.find(({name}) => name === 'out');
        expect(node?.attr).toEqual(graph.node('out').attr);
        return loaded.weightSpecs?.map(({shape}) => shape);
      };
      const whole = [1, 2];
      expect(bias(['BiasAdd', 'Relu'])).toEqual([whole, [2], whole]);
      expect(bias(['BiasAdd'], (names) => names.map((name) => `${name}:0`))).toEqual([
        whole,
        [2],
        whole,
      ]);
      expect(bias(['FusedBatchNorm'])).toEqual([whole, whole, whole]);
      expect(bias([])).toEqual([whole, whole, whole]);
      expect(bias(['BiasAdd'], ([x, , b]) => [x, b, b])).toEqual([whole, whole, whole]);
    },
  );
});

describe('float16 constants that overflowed', () => {
  const float16 = {dtype: 'float16', original_dtype: 'float32'} as never;
  const INFINITE = [0x00, 0x7c];
  const MINUS_INFINITE = [0x00, 0xfc];
  const NOT_A_NUMBER = [0x00, 0x7e];

  interface Given {
    op?: string;
    shape?: number[];
    quantization?: typeof float16 | null;
    /** Where the weights are cut into several buffers; they are one if there is none. */
    cuts?: number[];
  }

  /** The bytes of the constants after loading: one for each of the ops that take it. */
  function bytesOf(
    constants: number[][],
    {op = 'Mul', shape = [], quantization = float16, cuts}: Given = {},
  ): number[] {
    const graph = new GraphBuilder();
    graph.input('x');
    graph.floats('first', [1, 2, 3]); // of 12 bytes, before the others
    constants.forEach((_, i) => {
      graph.floats(`c${i}`, Array(shape[0] ?? 1).fill(0), shape);
      graph.op(op, `y${i}`, [i % 2 ? `c${i}` : 'x', i % 2 ? 'x' : `c${i}`]);
    });
    const artifacts = graph.artifacts(constants.map((_, i) => `y${i}`));
    for (const spec of artifacts.weightSpecs?.slice(1) ?? []) {
      if (quantization) spec.quantization = quantization;
    }
    const bytes = new Uint8Array([...Array(12).fill(7), ...constants.flat()]);
    const parts = cuts?.map((cut, i) => bytes.slice(cuts[i - 1] ?? 0, cut).buffer);
    artifacts.weightData = parts ?? bytes.slice().buffer;
    const {weightData} = load(artifacts);
    expect(bytesIn(artifacts.weightData)).toEqual([...bytes]);
    const loaded = bytesIn(weightData as tf.io.WeightData);
    if (isEqual(loaded, [...bytes]))
      expect(weightData).toBe(artifacts.weightData); // no copy
    else expect(Array.isArray(weightData)).toBe(cuts !== undefined);
    expect(loaded.slice(0, 12)).toEqual(Array(12).fill(7));
    return loaded.slice(12);
  }

  const bytesIn = (data: tf.io.WeightData) => [
    ...new Uint8Array(tf.io.CompositeArrayBuffer.join(data)),
  ];
  const isEqual = (a: number[], b: number[]) => a.join() === b.join();

  test('are as large as float16 can be, with their sign', () => {
    const constants = [INFINITE, [0x00, 0x3c], MINUS_INFINITE];
    const expected = [...[0xff, 0x7b], ...[0x00, 0x3c], ...[0xff, 0xfb]];
    expect(bytesOf(constants)).toEqual(expected);
    expect(bytesOf(constants, {shape: [1]})).toEqual(expected);
    for (const cuts of [[18], [12, 14, 18], [5, 13, 17, 18], [13, 13, 16, 18]]) {
      expect([cuts, bytesOf(constants, {cuts})]).toEqual([cuts, expected]);
    }
  });

  test('stay where they are not multiplied, where there are several, or where they are no float16', () => {
    expect(bytesOf([MINUS_INFINITE], {op: 'AddV2'})).toEqual(MINUS_INFINITE);
    const several = [...MINUS_INFINITE, ...INFINITE];
    expect(bytesOf([several], {shape: [2]})).toEqual(several);
    const infinite = [0x00, 0x00, 0x80, 0x7f]; // of float32
    expect(bytesOf([infinite], {quantization: null})).toEqual(infinite);
    expect(bytesOf([[0x00, 0x3c]], {cuts: [3, 14]})).toEqual([0x00, 0x3c]);
  });

  test('stay where they are no numbers', () => {
    expect(bytesOf([NOT_A_NUMBER, INFINITE])).toEqual([...NOT_A_NUMBER, 0xff, 0x7b]);
  });
});

describe('ops that the backend cannot run', () => {
  const plain = ['BitwiseAnd', 'Complex', 'ComplexAbs', 'DenseBincount', 'Imag', 'Real', 'Unique'];
  const sparse = ['FillEmptyRows', 'Reshape', 'SegmentMean', 'SegmentSum'].map((n) => `Sparse${n}`);
  const strings = ['StaticRegexReplace', 'StringNGrams', 'StringSplit', 'StringToHashBucketFast'];
  /** By TensorFlow's name, the kernels without which tfjs throws at the op. */
  const needs: [string, string][] = [
    ...[...plain, ...sparse, ...strings].map((op): [string, string] => [op, op]),
    ['FFT', 'FFT, Complex'],
    ['FFT2D', 'FFT, IFFT, Complex, Real, Imag'],
    ['IFFT', 'IFFT, Complex'],
    ['IFFT2D', 'FFT, IFFT, Complex, Real, Imag'],
    ['ImageProjectiveTransformV3', 'Transform'],
    ['IRFFT', 'IFFT, Complex, Real, Imag'],
    ['LowerBound', 'SearchSorted'],
    ['MaxPoolWithArgmax', 'MaxPoolWithArgmax'],
    ['NonMaxSuppressionV4', 'NonMaxSuppressionV4'],
    ['RFFT', 'FFT, Complex, Real, Imag'],
    ['UniqueV2', 'Unique'],
    ['UpperBound', 'SearchSorted'],
  ];

  test.each(needs)('%s: the kernels %s', (op, kernels) => {
    const graph = new GraphBuilder();
    graph.op(op, 'strange', [graph.input('x')]);
    graph.op('Identity', 'out', ['strange']);
    const artifacts = graph.artifacts(['out']);
    const [own, cpu] = [tf.getBackend(), tf.backend()];
    tf.registerBackend('bare', () => cpu);
    tf.setBackend('bare');
    try {
      expect(() => load(artifacts)).toThrow(
        `'bare' cannot run these ops of the graph: ${op} (the node 'strange', kernel ${kernels}). `,
      );
    } finally {
      tf.setBackend(own);
      tf.removeBackend('bare');
    }
    expect(() => load(artifacts)).not.toThrow();
  });

  test('each is named with what it lacks, and the backends that have it all', () => {
    const graph = new GraphBuilder();
    graph.op('Unique', 'unique', [graph.input('x')]);
    graph.op('FFT2D', 'fft', ['x']);
    const [own, cpu] = [tf.getBackend(), tf.backend()];
    const others = ['wasm', 'webgl', 'webgpu', 'tensorflow'];
    const added = others.filter((name) => !tf.getKernel('Unique', name));
    for (const backendName of added) {
      tf.registerKernel({kernelName: 'Unique', backendName, kernelFunc: () => []});
    }
    tf.registerBackend('bare', () => cpu);
    tf.setBackend('bare');
    try {
      expect(() => load(graph.artifacts(['unique']))).toThrow(
        "fuseGraph: the backend 'bare' cannot run these ops of the graph: Unique (the node 'unique', " +
          'kernel Unique). Choose another backend with tf.setBackend: ' +
          'cpu, wasm, webgl, webgpu, tensorflow has them.',
      );
      const both =
        /: FFT2D \(the node 'fft', kernel FFT, IFFT, Complex, Real, Imag\), Unique \(the node/;
      expect(() => load(graph.artifacts(['unique', 'fft']))).toThrow(both);
      expect(() => load(graph.artifacts(['unique', 'fft']))).toThrow(
        /setBackend: cpu(, webgl)? has them/,
      );
    } finally {
      tf.setBackend(own);
      tf.removeBackend('bare');
      for (const name of added) tf.unregisterKernel('Unique', name);
    }
  });

  test('where no backend that is there has the kernel, this is said', () => {
    const graph = new GraphBuilder();
    graph.op('Unique', 'out', [graph.input('x')]);
    const name = tf.getBackend();
    const kernel = tf.getKernel('Unique', name);
    const elsewhere = ['wasm', 'webgl', 'webgpu', 'tensorflow'].flatMap(
      (other) => tf.getKernel('Unique', other) ?? [],
    );
    for (const {backendName} of [kernel, ...elsewhere]) tf.unregisterKernel('Unique', backendName);
    try {
      expect(() => load(graph.artifacts(['out']))).toThrow(
        'with tf.setBackend: none that is registered has them.',
      );
    } finally {
      for (const config of [kernel, ...elsewhere]) tf.registerKernel(config);
    }
  });

  test('nothing is said before a backend is set up', () => {
    const graph = new GraphBuilder();
    graph.op('Unique', 'out', [graph.input('x')]);
    const engine = tf.engine() as unknown as {backendName: string | null};
    const {backendName} = engine;
    engine.backendName = null;
    try {
      expect(() => load(graph.artifacts(['out']))).not.toThrow();
    } finally {
      engine.backendName = backendName;
    }
  });

  test('a graph in which each node takes the one before twice is gone through once', () => {
    const graph = new GraphBuilder();
    let last = graph.input('x');
    for (let i = 0; i < 100; i++) last = graph.op('AddV2', `n${i}`, [last, last]);
    graph.op('Betainc', 'out', [last]);
    expect(() => load(graph.artifacts(['out']))).toThrow(/Betainc \(the node 'out'\)/);
  });

  const strange = (name: string, ...input: string[]): NodeDef => ({name, op: 'Betainc', input});

  test('each op is named once, with a node; those not needed are not', () => {
    const graph = new GraphBuilder();
    graph.input('x');
    graph.nodes.push(strange('a', 'x'), strange('b', 'a'));
    graph.op('Digamma', 'c', ['b', '^d']);
    graph.op('Polygamma', 'd', ['x']); // is waited for alone
    expect(() => load(graph.artifacts(['c']))).toThrow(
      /can run: Digamma \(the node 'c'\), Betainc \(the node 'b'\)\. /,
    );
  });

  test('without a signature the outputs are the nodes that nobody takes', () => {
    const graph = new GraphBuilder();
    graph.input('x');
    graph.nodes.push(strange('a', 'x'));
    graph.op('Neg', 'out', ['a']);
    expect(() => load(graph.artifacts([]))).toThrow(/Betainc \(the node 'a'\)/);
    const fine = new GraphBuilder();
    fine.op('Neg', 'out', [fine.input('x')]);
    expect(() => load(fine.artifacts([]))).not.toThrow();
  });

  test('what stands in a branch may never run', () => {
    const graph = new GraphBuilder();
    graph.op('Switch', 'switch', [graph.input('x'), graph.input('chooses')]);
    graph.nodes.push(strange('a', 'switch'));
    graph.op('Merge', 'out', ['a', 'switch:1']);
    expect(() => load(graph.artifacts(['out']))).not.toThrow();
    expect(() => load(graph.artifacts(['out', 'a']))).toThrow(/Betainc/);
  });

  test('a call of a function that the library lacks', () => {
    const graph = new GraphBuilder();
    graph.op('PartitionedCall', 'out', [graph.input('x')]);
    expect(() => load(graph.artifacts(['out']))).toThrow(/PartitionedCall \(the node 'out'\)/);
  });
});

describe('nodes that are refused when they run', () => {
  const s = (...names: string[]) => ({list: {s: names.map(btoa)}});
  const run = async (op: string, shapes: number[][], attr: Record<string, AttrValue>) => {
    const graph = new GraphBuilder();
    const names = shapes.map((_, i) => graph.input(`x${i}`));
    graph.op(op, 'out', names, attr);
    const model = await loadGraphModel(tf.io.fromMemory(graph.artifacts(['out'])));
    return model.execute(Object.fromEntries(names.map((n, i) => [n, tf.ones(shapes[i])])));
  };
  const product = [[2, 2], [2, 2], [2]];

  test.each([
    [['FusedBatchNorm'], 'fusedbatchnorm'],
    [['BiasAdd', 'Abs'], 'abs'],
    [['BiasAdd', 'Relu', 'Tanh'], 'relu,tanh'],
  ])('a product into which %j is fused', async (fusedOps, named) => {
    await expect(run('_FusedMatMul', product, {fused_ops: s(...fusedOps)})).rejects.toThrow(
      `The graph has a node into which '${named}' is fused, which is not supported.`,
    );
  });

  const window = {
    strides: {list: {i: ['1', '1', '1', '1']}},
    padding: {s: btoa('SAME')},
  };

  test.each([
    ['NHWC', [1, 3, 3, 4], [1, 1, 3, 2], '[1,1,3,2] does not fit 4 channels (NHWC)'],
    ['NHWC', [1, 3, 3, 4], [1, 1, 2, 3], '[1,1,2,3] does not fit 4 channels (NHWC)'],
    ['NCHW', [1, 4, 3, 3], [1, 1, 2, 4], '[1,1,2,4] does not fit 4 channels (NCHW)'],
  ])('a convolution of %s whose filter does not fit: %j, %j', async (format, x, w, message) => {
    const attr = {...window, data_format: {s: btoa(format)}};
    await expect(run('Conv2D', [x, w], attr)).rejects.toThrow(`Conv2D: the filter ${message}.`);
  });

  test.each([[[2, 3]], [[3]], [[2, 2, 2]]])('a tensor of another shape: %j', async (shape) => {
    const attr = {shape: {shape: {dim: [{size: '2'}, {size: '2'}]}}} as Record<string, AttrValue>;
    await expect(run('EnsureShape', [shape], attr)).rejects.toThrow(
      `of the shape [2,2], but it is [${shape}].`,
    );
    const open = {shape: {shape: {dim: [{size: '-1'}, {size: '2'}]}}} as Record<string, AttrValue>;
    await expect(run('EnsureShape', [[7, 2]], open)).resolves.toBeDefined();
    const unknown = {shape: {shape: {unknownRank: true}}} as Record<string, AttrValue>;
    await expect(run('EnsureShape', [[7, 2]], unknown)).resolves.toBeDefined();
  });

  test('an equation that is left out', async () => {
    await expect(run('Einsum', [[2], [2]], {})).rejects.toThrow("Einsum: the equation ''");
  });
});

describe('the signature', () => {
  const graph = () => {
    const g = new GraphBuilder();
    g.op('Betainc', 'strange', [g.input('x')]);
    g.op('Neg', 'out', ['x']);
    return g;
  };

  test.each([
    ['in the model', {signature: {outputs: {y: {name: 'strange:0'}}}}],
    ['in the metadata', {userDefinedMetadata: {signature: {outputs: {y: {name: 'strange:0'}}}}}],
  ])('%s names the outputs', (_, given) => {
    const artifacts = {...graph().artifacts([]), ...given} as tf.io.ModelArtifacts;
    expect(() => load(artifacts)).toThrow(/Betainc/);
  });

  test.each([null, {}, {outputs: null}, {outputs: {y: null}}, {outputs: {y: {name: 3}}}])(
    'of another form names none: %j',
    (signature) => {
      const artifacts = {...graph().artifacts([]), signature} as tf.io.ModelArtifacts;
      expect(() => load(artifacts)).toThrow(/Betainc/); // as a node that nobody takes
      const named = {
        ...artifacts,
        userDefinedMetadata: {signature: {outputs: {y: {name: 'out'}}}},
      };
      expect(() => load(named)).not.toThrow();
    },
  );
});
