/** Each op that graph models get from this package gives TensorFlow's values, in a graph of one node. */
import type {AttrValue} from '../../../src/graph/graph_def.js';
import {loadGraphModel} from '../../../src/graph/index.js';
import {SUPPLIED_OPS} from '../../../src/graph/ops/index.js';
import {tf} from '../../backends/current.js';
import {expectClose} from '../../support/close.js';
import {GraphBuilder} from '../../support/graph_builder.js';
import {graphOfCase, inputName, opCases} from '../../support/op_cases.js';

beforeAll(() => {
  jest.spyOn(console, 'debug').mockImplementation(() => {});
  // Else the GPU backends leave tensors as small as these to the kernels of cpu.
  const backend = tf.getBackend();
  if (backend.startsWith('webg')) tf.env().set(`${backend.toUpperCase()}_CPU_FORWARD`, false);
});

test.each(opCases)('$name', async (opCase) => {
  const {op, inputs, y} = opCase;
  const graph = graphOfCase(opCase);
  const backend = tf.getBackend();
  const kernels = SUPPLIED_OPS[op]?.kernels ?? [];
  if (!kernels.every((kernel) => tf.getKernel(kernel, backend))) {
    const loading = loadGraphModel(tf.io.fromMemory(graph.artifacts(['out'])));
    await expect(loading).rejects.toThrow(new RegExp(`'${backend}'.*${op}`));
    return;
  }
  const before = tf.memory().numTensors;
  const model = await loadGraphModel(tf.io.fromMemory(graph.artifacts(['out'])));
  const tensors = inputs.map(({shape, dtype, values}) =>
    tf.tensor(values, shape, dtype as 'float32'),
  );
  const output = model.execute(
    Object.fromEntries(tensors.map((tensor, i) => [inputName(i), tensor])),
  ) as InstanceType<typeof tf.Tensor>;
  expect(output.shape).toEqual(y.shape);
  expect(output.dtype).toBe(y.dtype);
  expectClose(Array.from(await output.data(), Number), y.values, 1e-5);
  tf.dispose([output, ...tensors]);
  model.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

test('every op has a case, but for those with a test of their own', () => {
  const own = ['Erfc', 'FFT2D', 'IFFT2D'];
  const missing = Object.keys(SUPPLIED_OPS).filter((op) => !opCases.some((c) => c.op === op));
  expect(missing.sort()).toEqual(own);
});

test('EnsureShape throws for another shape', async () => {
  const graph = new GraphBuilder();
  const shape = {shape: {dim: [{size: '2'}]}} as AttrValue;
  graph.op('EnsureShape', 'out', [graph.input('x')], {shape});
  const model = await loadGraphModel(tf.io.fromMemory(graph.artifacts(['out'])));
  expect(() => model.execute(tf.ones([3]))).toThrow(/of the shape \[2\], but it is \[3\]/);
});

describe('the transform along two axes', () => {
  const x = [1, 2, 3, 4, 0, -1];
  /** The transform by its definition: Σ x·e^(−2πi(ru/rows + cv/cols)). */
  const expected = [0, 1].flatMap((u) =>
    [0, 1, 2].map((v) =>
      x.reduce(
        ([re, im], value, i) => {
          const angle = -2 * Math.PI * ((Math.floor(i / 3) * u) / 2 + ((i % 3) * v) / 3);
          return [re + value * Math.cos(angle), im + value * Math.sin(angle)];
        },
        [0, 0],
      ),
    ),
  );
  const graph = (): GraphBuilder => {
    const g = new GraphBuilder();
    g.op('Complex', 'complex', [g.input('x'), g.input('zero')]);
    g.op('FFT2D', 'transformed', ['complex']);
    g.op('IFFT2D', 'back', ['transformed']);
    g.op('Real', 'real', ['transformed']);
    g.op('Imag', 'imag', ['transformed']);
    g.op('Real', 'same', ['back']);
    return g;
  };
  const load = () => loadGraphModel(tf.io.fromMemory(graph().artifacts(['real', 'imag', 'same'])));

  test('or the backend that cannot is named', async () => {
    if (!tf.getKernel('FFT', tf.getBackend())) {
      await expect(load()).rejects.toThrow(new RegExp(`'${tf.getBackend()}'.*FFT2D`));
      return;
    }
    const model = await load();
    const shape = [1, 2, 3];
    const inputs = {x: tf.tensor(x, shape), zero: tf.zeros(shape)};
    const outputs = model.execute(inputs) as InstanceType<typeof tf.Tensor>[];
    const [real, imag, same] = await Promise.all(outputs.map((output) => output.data()));
    expectClose(
      real,
      expected.map(([re]) => re),
      1e-5,
    );
    expectClose(
      imag,
      expected.map(([, im]) => im),
      1e-5,
    );
    expectClose(same, x, 1e-5);
  });
});

test('a choice between tensors of five dimensions, which broadcast', async () => {
  const g = new GraphBuilder();
  g.op('Less', 'isLess', [g.input('x'), g.floats('limit', 3)]);
  g.op('SelectV2', 'out', ['isLess', 'x', g.floats('others', [-1, -2], [1, 1, 1, 2])]);
  const model = await loadGraphModel(tf.io.fromMemory(g.artifacts(['out'])));
  const x = tf.tensor([0, 4, 1, 5, 2, 6], [1, 3, 1, 1, 2]);
  const y = model.execute(x) as InstanceType<typeof tf.Tensor>;
  expect(y.shape).toEqual([1, 3, 1, 1, 2]);
  expect([...(await y.data())]).toEqual([0, -2, 1, -2, 2, -2]);
});

test.each([
  ['AddV2', [1, 3, 3, 5, 5, 7]],
  ['Mul', [0, 2, 2, 6, 4, 10]],
  ['Maximum', [1, 2, 2, 3, 4, 5]],
])('%s of a vector and a tensor of five dimensions', async (op, expected) => {
  const g = new GraphBuilder();
  g.op(op, 'out', [g.input('x'), g.floats('vector', [1, 2], [2])]);
  const model = await loadGraphModel(tf.io.fromMemory(g.artifacts(['out'])));
  const x = tf.tensor([0, 1, 2, 3, 4, 5], [1, 3, 1, 1, 2]);
  const y = model.execute(x) as InstanceType<typeof tf.Tensor>;
  expect(y.shape).toEqual(x.shape);
  expect([...(await y.data())]).toEqual(expected);
});

test('every second of large integers', async () => {
  const g = new GraphBuilder();
  const name = g.input('x');
  g.node(name).attr = {dtype: {type: 'DT_INT32'}, shape: {} as AttrValue};
  const lists = [
    ['begin', [0]],
    ['end', [4]],
    ['strides', [2]],
  ] as const;
  for (const [list, values] of lists) g.integers(list, [...values]);
  g.op('StridedSlice', 'out', [name, 'begin', 'end', 'strides']);
  const model = await loadGraphModel(tf.io.fromMemory(g.artifacts(['out'])));
  // In their shaders, tfjs's webgl and webgpu compute with float32.
  const most = tf.getBackend().startsWith('webg') ? 2 ** 24 - 1 : 2 ** 31 - 1;
  const y = model.execute(tf.tensor([most, 1, -most, 3], [4], 'int32'));
  expect(Array.from(await (y as InstanceType<typeof tf.Tensor>).data())).toEqual([most, -most]);
});
