/**
 * The ops that graph models get from this package keep clear of what the kernels of other backends compute
 * wrongly, and do without detours where tfjs computes rightly. Those kernels do not run here: a stand-in has
 * the kernels of cpu, and tells where another would be wrong, or is wrong as that one.
 */
import '../support/quiet_cpu.js';
import * as tf from '@tensorflow/tfjs-core';
import type {AttrValue} from '../../src/graph/graph_def.js';
import {loadGraphModel} from '../../src/graph/index.js';
import {einsum} from '../../src/graph/ops/einsum.js';
import {expectClose} from '../support/close.js';
import {GraphBuilder} from '../support/graph_builder.js';
import {graphOfCase, inputName, type OpCase, opCases} from '../support/op_cases.js';

beforeAll(() => {
  jest.spyOn(console, 'debug').mockImplementation(() => {});
});

/** A call of a kernel: its inputs by name, and how to read the numbers of one. */
interface Call {
  inputs: Record<string, tf.TensorInfo>;
  attrs: Record<string, unknown>;
  valuesOf(tensor: tf.TensorInfo): ArrayLike<number>;
}

interface Fault {
  backend: string;
  kernels: string[];
  isWrong(call: Call): boolean;
}

const isFloat = ({dtype}: tf.TensorInfo) => dtype === 'float32';
const rank = ({shape}: tf.TensorInfo) => shape.length;

/** Whether the axes of a reduction are not the last ones. */
function moves({inputs: {x}, attrs}: Call): boolean {
  const axes = [attrs.axis ?? attrs.reductionIndices].flat() as number[];
  return axes.some((axis) => axis < rank(x) - axes.length);
}

const REDUCTIONS = ['All', 'Any', 'ArgMax', 'ArgMin', 'Max', 'Mean', 'Min', 'Prod', 'Sum'];

/** What tfjs 4.22 has kernels for on some backend that are wrong. */
const FAULTS: readonly Fault[] = [
  {
    backend: 'wasm, whose bool is the last byte of a number',
    kernels: ['Cast'],
    isWrong: ({inputs: {x}, attrs, valuesOf}) =>
      attrs.dtype === 'bool' && Array.from(valuesOf(x)).some((value) => value !== 0 && value !== 1),
  },
  {
    backend: 'wasm, which writes bool past the end',
    kernels: ['Reverse', 'Select'],
    isWrong: ({inputs: {x, t}}) => (x ?? t).dtype === 'bool',
  },
  {
    backend: 'wasm, which takes the bits of integers for floats',
    kernels: ['ClipByValue'],
    isWrong: ({inputs: {x}}) => !isFloat(x),
  },
  {
    backend: 'wasm, which puts the bits of integers into floats',
    kernels: ['OneHot'],
    isWrong: ({attrs}) => attrs.dtype !== 'int32',
  },
  {
    backend: 'wasm, which gives floats',
    kernels: ['StridedSlice'],
    isWrong: ({inputs: {x}, attrs}) =>
      !isFloat(x) && (attrs.strides as number[]).some((step) => step !== 1),
  },
  {
    backend: 'wasm, which reads past the end, and some that have no kernel for bool',
    kernels: ['GatherV2'],
    isWrong: ({inputs: {x}, attrs}) => attrs.batchDims !== 0 || x.dtype === 'bool',
  },
  {
    backend: 'some that have no kernel for bool of five dimensions',
    kernels: ['Tile'],
    isWrong: ({inputs: {x}}) => x.dtype === 'bool' && rank(x) > 4,
  },
  {
    backend: 'wasm, which takes a bias for one of one dimension, of one plain product',
    kernels: ['_FusedMatMul'],
    isWrong: ({inputs: {a, bias}, attrs: {transposeA, transposeB}}) =>
      bias !== undefined && Boolean(rank(bias) !== 1 || transposeA || transposeB || a.shape[0] > 1),
  },
  {
    backend: 'wasm, which takes a bias for one of one dimension',
    kernels: ['FusedConv2D', 'FusedDepthwiseConv2D'],
    isWrong: ({inputs: {bias}}) => bias !== undefined && rank(bias) !== 1,
  },
  {
    backend: 'webgl, which knows four dimensions',
    kernels: ['Select'],
    isWrong: ({inputs: {condition, t, e}}) => [condition, t, e].some((tensor) => rank(tensor) > 4),
  },
  {
    backend: 'webgl, which looks for the maximum from −1e20',
    kernels: ['Softmax'],
    isWrong: ({inputs: {logits}, valuesOf}) =>
      Array.from(valuesOf(logits)).some((value) => value < -1.01e20),
  },
  {
    backend: 'webgpu, which transposes float32',
    kernels: ['Transpose'],
    isWrong: ({inputs: {x}}) => !isFloat(x) && rank(x) !== 2,
  },
  {
    backend: 'webgpu, which transposes float32',
    kernels: REDUCTIONS,
    isWrong: (call) => !isFloat(call.inputs.x) && moves(call),
  },
  {
    backend: 'webgpu, which transposes float32 and keeps the length of the first from the end',
    kernels: ['Cumprod', 'Cumsum'],
    isWrong: (call) => call.attrs.reverse === true || (!isFloat(call.inputs.x) && moves(call)),
  },
];

/** What other backends make of a kernel's result. */
interface Change {
  dtype?: tf.DataType;
  value?(value: number, dtype: string): number;
}

const CHANGES: Readonly<Record<string, Change>> = {
  // wasm
  FloorDiv: {dtype: 'float32'},
  // webgl, which looks for it from ±1e20
  Max: {value: (value) => Math.max(value, -1e20)},
  Min: {value: (value) => Math.min(value, 1e20)},
  // webgpu, which cuts off the fraction of what is nearly a whole number
  Pow: {
    value: (value, dtype) =>
      dtype === 'int32' && Math.abs(value) < 2 ** 24 ? value - Math.sign(value) : value,
  },
};

describe('on a backend whose kernels are as wrong as those of others', () => {
  let own: string;
  const wrong: string[] = [];

  function kernelOf({kernelName, kernelFunc, ...rest}: tf.KernelConfig): tf.KernelConfig {
    const faults = FAULTS.filter(({kernels}) => kernels.includes(kernelName));
    const {dtype, value} = CHANGES[kernelName] ?? {};
    const run: tf.KernelFunc = (params) => {
      const backend = tf.backend();
      const valuesOf = ({dataId}: tf.TensorInfo) => backend.readSync(dataId) as Float32Array;
      const inputs = params.inputs as Record<string, tf.TensorInfo>;
      for (const fault of faults) {
        const isWrong = fault.isWrong({inputs, attrs: params.attrs ?? {}, valuesOf});
        if (isWrong) wrong.push(`${kernelName} on ${fault.backend}`);
      }
      const y = kernelFunc(params) as tf.TensorInfo;
      if (value) valuesOf(y).set(valuesOf(y).map((v) => value(v, y.dtype)));
      return dtype ? {...y, dtype} : y;
    };
    return {...rest, kernelName, kernelFunc: run, backendName: 'other'};
  }

  beforeAll(() => {
    const cpu = tf.backend();
    own = tf.getBackend();
    tf.registerBackend('other', () => cpu);
    const kernels = tf.getKernelsForBackend(own).filter(({kernelName}) => kernelName !== 'Einsum');
    for (const kernel of kernels) tf.registerKernel(kernelOf(kernel));
  });

  beforeEach(() => void tf.setBackend('other'));

  afterEach(() => void tf.setBackend(own));

  afterAll(() => {
    tf.removeBackend('other');
    for (const {kernelName} of tf.getKernelsForBackend('other')) {
      tf.unregisterKernel(kernelName, 'other');
    }
  });

  const float = (shape: number[], values: number[]) => ({shape, dtype: 'float32', values});
  /** Products of several matrices each, with a bias. */
  const batch: OpCase = {
    name: 'products of several matrices with a bias',
    op: '_FusedMatMul',
    inputs: [float([2, 1, 2], [1, 2, 3, 4]), float([2, 2, 1], [1, 1, 2, 3]), float([1], [10])],
    attrs: {fused_ops: {list: {s: [btoa('BiasAdd')]}}},
    y: float([2, 1, 1], [13, 28]),
  };

  test.each([...opCases, batch])('$name', async (opCase) => {
    const {inputs, y} = opCase;
    const model = await loadGraphModel(tf.io.fromMemory(graphOfCase(opCase).artifacts(['out'])));
    const named = inputs.map(({shape, dtype, values}, i) => [
      inputName(i),
      tf.tensor(values, shape, dtype as 'float32'),
    ]);
    wrong.length = 0;
    const output = model.execute(Object.fromEntries(named)) as tf.Tensor;
    expect(wrong).toEqual([]);
    expect([output.shape, output.dtype]).toEqual([y.shape, y.dtype]);
    expectClose(Array.from(output.dataSync(), Number), y.values, 1e-5);
  });
});

test('sines and cosines of the GPU backends are as exact as float32', async () => {
  const angles = [0, 0.3, -0.78, 1, 1.6, -2.5, 3.2, 4.5, -5.6, 6.9, 7.9, 31.4, -100.25, 511.5];
  const graph = new GraphBuilder();
  graph.op('Sin', 'sin', [graph.input('x')]);
  graph.op('Cos', 'cos', ['x']);
  const model = await loadGraphModel(tf.io.fromMemory(graph.artifacts(['sin', 'cos'])));
  const run = () => model.execute(tf.tensor1d(angles)) as tf.Tensor[];
  const x = Array.from(new Float32Array(angles));
  const [own, cpu] = [tf.getBackend(), tf.backend()];
  expect((await tf.profile(run)).kernelNames.sort()).toEqual(['Cos', 'Sin']);
  tf.registerBackend('webgpu', () => cpu);
  const copied = tf
    .getKernelsForBackend(own)
    .filter(({kernelName}) => !tf.getKernel(kernelName, 'webgpu'));
  for (const kernel of copied) tf.registerKernel({...kernel, backendName: 'webgpu'});
  tf.setBackend('webgpu');
  try {
    const {kernelNames, result} = await tf.profile(run);
    expect(kernelNames.filter((name) => ['Cos', 'Sin'].includes(name))).toEqual([]);
    const [sines, cosines] = (result as tf.Tensor[]).map((y) => y.dataSync());
    expectClose(sines, x.map(Math.sin), 3e-7);
    expectClose(cosines, x.map(Math.cos), 3e-7);
  } finally {
    tf.setBackend(own);
    tf.removeBackend('webgpu');
    for (const {kernelName} of copied) tf.unregisterKernel(kernelName, 'webgpu');
  }
});

describe('where tfjs computes rightly, its own kernel alone runs:', () => {
  type Input = [values: number[] | boolean[], shape: number[], dtype?: 'int32' | 'float32'];
  const int = (...values: number[]): Input => [values, [values.length], 'int32'];
  const one = (value: number): Input => [[value], [], 'int32'];
  const six: Input = [
    [3, 1, 2, 6, 5, 4],
    [2, 3],
  ];
  const whole: Input = [...six.slice(0, 2), 'int32'] as unknown as Input;
  const s = (...names: string[]) => ({list: {s: names.map(btoa)}});
  const window = {strides: {list: {i: [1, 1, 1, 1]}}, padding: {s: btoa('VALID')}};

  /** Without the dtype that nodes have in an attribute: the op sees it by its inputs. */
  const rows: [string, string, Input[], Record<string, AttrValue>, string[], number[]][] = [
    ['of floats', 'ArgMax', [six, one(0)], {}, ['ArgMax'], [1, 1, 1]],
    ['of floats', 'ArgMin', [six, one(0)], {}, ['ArgMin'], [0, 0, 0]],
    ['of floats', 'ClipByValue', [six, one(2), one(4)], {}, ['ClipByValue'], [3, 2, 2, 4, 4, 4]],
    ['of floats', 'Mean', [six, int(0)], {}, ['Mean'], [4.5, 3, 3]],
    [
      'of floats',
      'Pow',
      [
        [[0.5, 4], [2]],
        [[2, 0.5], [2]],
      ],
      {},
      ['Pow'],
      [0.25, 2],
    ],
    ['of floats', 'Prod', [six, int(0)], {}, ['Prod'], [18, 5, 8]],
    ['of floats', 'Sum', [six, int(-1)], {}, ['Sum'], [6, 15]],
    ['of floats along two axes', 'Sum', [six, int(1, 0)], {}, ['Sum'], [21]],
    ['along no axis', 'Sum', [whole, int()], {}, [], six[0] as number[]],
    ['of floats along the first axis', 'Cumsum', [six, one(0)], {}, ['Cumsum'], [3, 1, 2, 9, 6, 6]],
    ['of integers along the last', 'Cumsum', [whole, one(1)], {}, ['Cumsum'], [3, 4, 6, 6, 11, 15]],
    [
      'of floats of three dimensions',
      'Transpose',
      [[six[0], [1, 2, 3]], int(2, 1, 0)],
      {},
      ['Transpose'],
      [3, 6, 1, 5, 2, 4],
    ],
    [
      'of a matrix of integers',
      'Transpose',
      [whole, int(1, 0)],
      {},
      ['Transpose'],
      [3, 6, 1, 5, 2, 4],
    ],
    ['into the same order', 'Transpose', [whole, int(0, 1)], {}, [], six[0] as number[]],
    ['by nothing', 'Roll', [six, int(3), int(1)], {}, [], six[0] as number[]],
    ['along one axis', 'GatherV2', [six, int(2, 0), one(1)], {}, ['GatherV2'], [2, 3, 4, 6]],
    [
      'with one matrix for a batch',
      'BatchMatMulV2',
      [
        [
          [1, 2],
          [1, 2],
        ],
        [
          [1, 2, 3, 4],
          [2, 2, 1],
        ],
      ],
      {},
      ['BatchMatMul'],
      [5, 11],
    ],
    [
      'with a batch for one matrix',
      'BatchMatMulV2',
      [
        [
          [1, 2, 3, 4],
          [2, 1, 2],
        ],
        [
          [1, 2],
          [2, 1],
        ],
      ],
      {},
      ['BatchMatMul'],
      [5, 11],
    ],
    [
      'of two batches',
      'BatchMatMulV2',
      [
        [
          [1, 2, 3, 4],
          [2, 1, 2],
        ],
        [
          [1, 2, 3, 4],
          [2, 2, 1],
        ],
      ],
      {},
      ['BatchMatMul'],
      [5, 25],
    ],
    [
      'with a bias and an activation',
      '_FusedMatMul',
      [
        [
          [1, 2],
          [1, 2],
        ],
        [
          [1, 2, 3, -4],
          [2, 2],
        ],
        [[10, 1], [2]],
      ],
      {fused_ops: s('BiasAdd', 'Relu')},
      ['_FusedMatMul'],
      [17, 0],
    ],
    [
      'into which nothing is fused',
      '_FusedMatMul',
      [
        [
          [1, 2],
          [1, 2],
        ],
        [
          [1, 2, 3, -4],
          [2, 2],
        ],
      ],
      {},
      ['_FusedMatMul'],
      [7, -6],
    ],
    [
      'of all channels',
      'Conv2D',
      [
        [
          [1, 2, 3, 4],
          [1, 1, 2, 2],
        ],
        [
          [1, 10],
          [1, 1, 2, 1],
        ],
      ],
      window,
      ['FusedConv2D'],
      [21, 43],
    ],
    [
      'of each channel by itself',
      'Conv2D',
      [
        [
          [1, 2, 3, 4],
          [1, 1, 2, 2],
        ],
        [
          [1, 10],
          [1, 1, 1, 2],
        ],
      ],
      window,
      ['FusedDepthwiseConv2D'],
      [1, 20, 3, 40],
    ],
    [
      'of channels before rows and columns, by other steps along each',
      'Conv2D',
      [
        [
          [1, 2, 3, 4, 5, 6],
          [1, 1, 2, 3],
        ],
        [[10], [1, 1, 1, 1]],
      ],
      {...window, strides: {list: {i: [1, 1, 2, 1]}}, data_format: {s: btoa('NCHW')}},
      ['FusedConv2D'],
      [10, 20, 30],
    ],
    [
      'of 1 and 0',
      'OneHot',
      [int(1, 0), one(2), [[1], []], [[0], []]],
      {},
      ['OneHot'],
      [0, 1, 1, 0],
    ],
    [
      'by steps of 1',
      'StridedSlice',
      [whole, int(0, 1), int(2, 3), int(1, 1)],
      {},
      ['StridedSlice'],
      [1, 2, 5, 4],
    ],
    [
      'of floats by steps of 2',
      'StridedSlice',
      [six, int(0, 0), int(2, 3), int(1, 2)],
      {},
      ['StridedSlice'],
      [3, 2, 6, 4],
    ],
    [
      'of integers by steps of 2 along one axis',
      'StridedSlice',
      [whole, int(0, 0), int(2, 3), int(1, 2)],
      {},
      ['GatherV2'],
      [3, 2, 6, 4],
    ],
    [
      'of integers, with nothing in it',
      'StridedSlice',
      [whole, int(0, 2), int(2, 2), int(1, 2)],
      {},
      [],
      [],
    ],
  ];

  /** Those that make no numbers. */
  const FREE = ['Cast', 'Identity', 'Reshape'];

  async function profiled(run: () => tf.Tensor): Promise<{kernels: string[]; y: tf.Tensor}> {
    const {kernels, result} = await tf.profile(run);
    const names = kernels
      .map(({name}) => name)
      .filter((name) => !FREE.includes(name) && !name.endsWith('__op'));
    return {kernels: names, y: result as tf.Tensor};
  }

  test.each(rows)('%s, %s', async (_, op, inputs, attrs, expected, values) => {
    const graph = new GraphBuilder();
    const names = inputs.map(([, , dtype], i) => {
      const name = graph.input(inputName(i));
      const type = dtype === 'int32' ? 'DT_INT32' : 'DT_FLOAT';
      graph.node(name).attr = {dtype: {type}, shape: {} as AttrValue};
      return name;
    });
    graph.op(op, 'out', names);
    graph.node('out').attr = attrs;
    const model = await loadGraphModel(tf.io.fromMemory(graph.artifacts(['out'])));
    const named = inputs.map(([list, shape, dtype], i) => [
      inputName(i),
      tf.tensor(list, shape, dtype),
    ]);
    const {kernels, y} = await profiled(
      () => model.execute(Object.fromEntries(named)) as tf.Tensor,
    );
    expect(kernels).toEqual(expected);
    expectClose(Array.from(y.dataSync()), values, 1e-6);
  });

  test('an equation is one matrix product', async () => {
    const [x, w] = [tf.ones([2, 3, 4]), tf.ones([4, 2, 5])];
    const {kernels, y} = await profiled(() => einsum('abc,cde->abde', x, w));
    expect(kernels).toEqual(['BatchMatMul']);
    expect(Array.from(y.dataSync())).toEqual(Array(60).fill(4));
  });
});

test('every second of strings', async () => {
  const graph = new GraphBuilder();
  graph.node(graph.input('x')).attr = {dtype: {type: 'DT_STRING'}, shape: {} as AttrValue};
  const lists = ['begin', 'end', 'strides'].map((name, i) =>
    graph.integers(name, [[0], [3], [2]][i]),
  );
  graph.op('StridedSlice', 'out', ['x', ...lists]);
  const model = await loadGraphModel(tf.io.fromMemory(graph.artifacts(['out'])));
  const y = model.execute(tf.tensor1d(['a', 'b', 'c'])) as tf.Tensor;
  expect(y.dataSync()).toEqual(['a', 'c']);
});
