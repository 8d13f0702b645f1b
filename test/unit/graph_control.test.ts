/** Control inputs and calls of functions, which a graph is loaded without. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type {FunctionDef, GraphDef, NodeDef} from '../../src/graph/graph_def.js';
import {loadGraphModel} from '../../src/graph/index.js';
import {GraphBuilder} from '../support/graph_builder.js';

beforeAll(() => {
  Object.assign(tf.backend(), {firstUse: false}); // else it prints that tfjs-node would be faster
  jest.spyOn(console, 'debug').mockImplementation(() => {});
  jest.spyOn(console, 'warn').mockImplementation(() => {});
});

async function run(
  graph: GraphBuilder,
  inputs: tf.NamedTensorMap,
  functions: FunctionDef[] = [],
  output = 'out',
): Promise<number[]> {
  const artifacts = graph.artifacts([output]);
  const modelTopology = {...artifacts.modelTopology, library: {function: functions}};
  const model = await loadGraphModel(tf.io.fromMemory({...artifacts, modelTopology}));
  const y = (await model.executeAsync(inputs)) as tf.Tensor;
  return Array.from(y.dataSync());
}

describe('conditional branches that are constants', () => {
  /** `chooses` ? 1 : −1; the constants belong to their branches by control inputs alone. */
  function conditional(): GraphBuilder {
    const graph = new GraphBuilder();
    graph.op('Greater', 'chooses', [graph.input('x'), graph.floats('zero', 0)]);
    graph.op('Switch', 'switch', ['chooses', 'chooses']);
    graph.op('Identity', 'pivot-f', ['switch']);
    graph.op('Identity', 'pivot-t', ['switch:1']);
    graph.floats('minus', -1);
    graph.floats('plus', 1);
    graph.node('minus').input = ['^pivot-f'];
    graph.node('plus').input = ['^pivot-t'];
    graph.op('Merge', 'out', ['minus', 'plus'], {N: {i: '2'}});
    return graph;
  }

  test.each([
    [2, 1],
    [-2, -1],
  ])('of x = %d: %d', async (x, expected) => {
    expect(await run(conditional(), {x: tf.scalar(x)})).toEqual([expected]);
  });

  test.each([
    [2, 5, 1],
    [2, -5, 10],
    [-2, 5, -1],
  ])('one within another: of x = %d and z = %d: %d', async (x, z, expected) => {
    const graph = conditional();
    graph.node('out').name = 'first';
    // Where x > 0: z > 0 ? 1 : 10, else −1.
    graph.op('Greater', 'inner', [graph.input('z'), 'zero']);
    graph.op('Switch', 'switch-z', ['inner', 'chooses']);
    graph.op('Switch', 'inner-switch', ['switch-z:1', 'switch-z:1']);
    graph.op('Identity', 'inner-f', ['inner-switch']);
    graph.floats('ten', 10);
    graph.node('ten').input = ['^inner-f'];
    graph.op('Identity', 'inner-t', ['inner-switch:1']);
    graph.floats('one', 1);
    graph.node('one').input = ['^inner-t'];
    graph.op('Merge', 'inner-merge', ['ten', 'one'], {N: {i: '2'}});
    graph.op('Merge', 'out', ['minus', 'inner-merge'], {N: {i: '2'}});
    expect(await run(graph, {x: tf.scalar(x), z: tf.scalar(z)})).toEqual([expected]);
  });

  test('what waits through a NoOp', async () => {
    const graph = conditional();
    graph.op('NoOp', 'hub', ['^pivot-f']);
    graph.node('minus').input = ['^hub'];
    expect(await run(graph, {x: tf.scalar(3)})).toEqual([1]);
  });
});

test('what waits for a Switch waits for neither of its branches', async () => {
  const graph = new GraphBuilder();
  graph.op('Greater', 'chooses', [graph.input('x'), graph.floats('zero', 0)]);
  graph.op('Switch', 'switch', ['x', 'chooses']);
  graph.op('Neg', 'out', ['x', '^switch']);
  expect(await run(graph, {x: tf.scalar(3)})).toEqual([-3]);
});

test('a loop runs as often as its condition says, with a branch in it', async () => {
  // for (i = 0; i < x; i++) sum += i > 1 ? 10 : 1, where 10 and 1 wait for their branches.
  const graph = new GraphBuilder();
  const enter = (name: string, from: string, isConstant = false) =>
    graph.op('Enter', name, [from], {
      frame_name: {s: btoa('loop')},
      is_constant: {b: isConstant},
    });
  const zero = graph.floats('zero', 0);
  graph.op('Merge', 'i', [enter('enter-i', zero), 'next-i'], {N: {i: '2'}});
  graph.op('Merge', 'sum', [enter('enter-sum', zero), 'next-sum'], {N: {i: '2'}});
  graph.op('Less', 'goes-on', ['i', enter('limit', graph.input('x'), true)]);
  graph.op('LoopCond', 'condition', ['goes-on']);
  graph.op('Switch', 'switch-i', ['i', 'condition']);
  graph.op('Switch', 'switch-sum', ['sum', 'condition']);
  graph.op('Exit', 'out', ['switch-sum']);
  graph.op('Identity', 'body', ['switch-i:1']);
  for (const [name, value] of [
    ['one', 1],
    ['ten', 10],
    ['step', 1],
  ] as const) {
    graph.floats(name, value);
    graph.node(name).input = ['^body'];
  }
  graph.op('Greater', 'is-late', ['body', 'step']);
  graph.op('Switch', 'branch', ['is-late', 'is-late']);
  graph.op('Identity', 'early', ['branch']);
  graph.op('Identity', 'late', ['branch:1']);
  graph.node('one').input = ['^early'];
  graph.node('ten').input = ['^late'];
  graph.op('Merge', 'term', ['one', 'ten'], {N: {i: '2'}});
  graph.op('AddV2', 'added', ['switch-sum:1', 'term']);
  graph.op('NextIteration', 'next-sum', ['added']);
  graph.op('AddV2', 'moved', ['body', 'step']);
  graph.op('NextIteration', 'next-i', ['moved']);
  expect(await run(graph, {x: tf.scalar(0)})).toEqual([0]);
  expect(await run(graph, {x: tf.scalar(2)})).toEqual([2]);
  expect(await run(graph, {x: tf.scalar(4)})).toEqual([22]);
});

test('Pack takes no node that it only waits for', async () => {
  const graph = new GraphBuilder();
  graph.op('LogicalNot', 'other', [graph.op('IsNan', 'nan', [graph.input('x')])]);
  graph.op('Pack', 'out', ['x', 'x', '^other'], {N: {i: '2'}, axis: {i: '0'}});
  expect(await run(graph, {x: tf.scalar(3)})).toEqual([3, 3]);
});

describe('functions that are called', () => {
  const call = (name: string, f: string, input: string[]): NodeDef => ({
    name,
    op: 'PartitionedCall',
    input,
    attr: {f: {func: {name: f}}},
  });

  /** a − b, and the two largest of a with their places. */
  const f: FunctionDef = {
    signature: {
      name: 'f',
      inputArg: [{name: 'a'}, {name: 'b'}],
      outputArg: [{name: 'difference'}, {name: 'values'}, {name: 'places'}],
    },
    nodeDef: [
      {name: 'sub', op: 'Sub', input: ['a', 'b'], attr: {}},
      {name: 'top', op: 'TopKV2', input: ['a', 'k:output:0'], attr: {sorted: {b: true}}},
      {name: 'k', op: 'Const', attr: {}},
      {
        name: 'cast',
        op: 'Cast',
        input: ['top:indices:0', '^sub'],
        attr: {DstT: {type: 'DT_FLOAT'}},
      },
    ],
    ret: {difference: 'sub:z:0', values: 'top:values:0', places: 'cast:y:0'},
  };

  function caller(): GraphBuilder {
    const graph = new GraphBuilder();
    graph.input('x');
    graph.integers('k', 2);
    graph.nodes.pop(); // It is among the function's nodes.
    return graph;
  }

  test.each([
    ['call', [6, 4, 1]],
    ['call:1', [7, 5]],
    ['call:2', [0, 1]],
  ])('%s', async (ref, expected) => {
    const graph = caller();
    graph.nodes.push(call('call', 'f', ['x', graph.floats('one', 1)]));
    graph.op('Identity', 'out', [ref]);
    expect(await run(graph, {x: tf.tensor1d([7, 5, 2])}, [f])).toEqual(expected);
  });

  test.each(['PartitionedCall', 'StatefulPartitionedCall'])('by %s', async (op) => {
    const graph = caller();
    graph.nodes.push({...call('call', 'f', ['x', graph.floats('one', 1)]), op});
    graph.op('Identity', 'out', ['call']);
    expect(await run(graph, {x: tf.tensor1d([7, 5, 2])}, [f])).toEqual([6, 4, 1]);
  });

  test('one within another, each more than once', async () => {
    const g: FunctionDef = {
      signature: {name: 'g', inputArg: [{name: 'a'}], outputArg: [{name: 'y'}]},
      nodeDef: [call('inner', 'f', ['a', 'a']), call('again', 'f', ['inner:output:1', 'b'])],
      ret: {y: 'again:output:0'},
    };
    const b: NodeDef = {name: 'b', op: 'Neg', input: ['inner:output:1'], attr: {}};
    g.nodeDef?.push(b);
    const graph = caller();
    graph.nodes.push(call('first', 'g', ['x']), call('second', 'g', ['first']));
    graph.op('Identity', 'out', ['second']);
    expect(await run(graph, {x: tf.tensor1d([7, 5, 2])}, [f, g])).toEqual([28, 20]);
  });

  test('a call is an output by its name', async () => {
    const graph = caller();
    graph.nodes.push(call('call', 'f', ['x', graph.floats('one', 1)]));
    expect(await run(graph, {x: tf.tensor1d([7, 5, 2])}, [f], 'call')).toEqual([6, 4, 1]);
  });

  test('a call within a function that is chosen when the graph runs', async () => {
    const branch = (name: string, y: string): FunctionDef => ({
      signature: {name, inputArg: [{name: 'a'}, {name: 'b'}], outputArg: [{name: 'y'}]},
      nodeDef: [call('inner', 'f', ['a', 'b'])],
      ret: {y},
    });
    const graph = caller();
    graph.op('Greater', 'chooses', [graph.input('z'), graph.floats('zero', 0)]);
    graph.op('StatelessIf', 'out', ['chooses', 'x', graph.floats('one', 1)], {
      then_branch: {func: {name: 'difference'}},
      else_branch: {func: {name: 'largest'}},
    });
    const functions = [f, branch('difference', 'inner:0'), branch('largest', 'inner:output:1')];
    const x = tf.tensor1d([7, 5, 2]);
    expect(await run(graph, {x, z: tf.scalar(1)}, functions)).toEqual([6, 4, 1]);
    expect(await run(graph, {x, z: tf.scalar(-1)}, functions)).toEqual([7, 5]);
  });

  test('what waits for a call waits for what it gives', async () => {
    const graph = caller();
    graph.nodes.push(call('call', 'f', ['x', graph.floats('one', 1)]));
    graph.op('Neg', 'out', ['x', '^call']);
    expect(await run(graph, {x: tf.tensor1d([7, 5, 2])}, [f])).toEqual([-7, -5, -2]);
  });

  test('a function that calls itself is named', async () => {
    const endless: FunctionDef = {
      signature: {name: 'endless', inputArg: [{name: 'a'}], outputArg: [{name: 'y'}]},
      nodeDef: [call('again', 'endless', ['a'])],
      ret: {y: 'again:output:0'},
    };
    const graph = caller();
    graph.nodes.push(call('out', 'endless', ['x']));
    await expect(run(graph, {x: tf.scalar(1)}, [endless])).rejects.toThrow(
      "'endless' calls itself",
    );
  });
});

describe('ops that cannot run', () => {
  const withOp = (op: string) => {
    const graph = new GraphBuilder();
    graph.op(op, 'strange', [graph.input('x')]);
    graph.op('Identity', 'out', ['strange']);
    return graph;
  };
  const load = (graph: GraphBuilder) => loadGraphModel(tf.io.fromMemory(graph.artifacts(['out'])));

  test('one that nobody knows is refused at load, by its name', async () => {
    const before = tf.memory().numTensors;
    await expect(load(withOp('Betainc'))).rejects.toThrow(
      /Betainc \(the node 'strange'\).*registerOp/,
    );
    expect(tf.memory().numTensors).toBe(before);
  });

  test('one that nobody needs is not', async () => {
    const graph = new GraphBuilder();
    graph.op('Betainc', 'strange', [graph.input('x')]);
    graph.op('Neg', 'out', ['x']);
    expect(await run(graph, {x: tf.scalar(1)})).toEqual([-1]);
  });

  test('a kernel that the backend lacks is named with the backend', async () => {
    const kernels = tf.backend();
    tf.registerBackend('bare', () => kernels);
    const model = await load(withOp('Unique'));
    const own = tf.getBackend();
    tf.setBackend('bare');
    try {
      expect(() => model.execute(tf.tensor1d([1]))).toThrow(/'bare'.*Unique.*tf.setBackend: cpu/);
      await expect(model.executeAsync(tf.tensor1d([1]))).rejects.toThrow(/'bare'.*Unique/);
    } finally {
      tf.setBackend(own);
      tf.removeBackend('bare');
    }
  });
});

test('float16 constants that overflowed are as large as float16 can be', async () => {
  const graph = new GraphBuilder();
  graph.op('Mul', 'out', [graph.input('x'), graph.floats('mask', -1e9)]);
  const artifacts = graph.artifacts(['out']);
  const spec = artifacts.weightSpecs?.[0] as tf.io.WeightsManifestEntry;
  spec.quantization = {dtype: 'float16', original_dtype: 'float32'} as never;
  artifacts.weightData = [new Uint8Array([0x00]).buffer, new Uint8Array([0xfc]).buffer]; // −∞
  const model = await loadGraphModel(tf.io.fromMemory(artifacts));
  const y = model.execute(tf.tensor1d([0, 1])) as tf.Tensor;
  expect(Array.from(y.dataSync())).toEqual([-0, -65504]);
  expect(artifacts.weightData.map((part) => new Uint8Array(part)[0])).toEqual([0x00, 0xfc]);
});

test('the graph that is given is not changed', async () => {
  const graph = new GraphBuilder();
  graph.op('Neg', 'out', [graph.input('x'), '^x']);
  const artifacts = graph.artifacts(['out']);
  const before = structuredClone((artifacts.modelTopology as GraphDef).node);
  await loadGraphModel(tf.io.fromMemory(artifacts));
  const after = structuredClone((artifacts.modelTopology as GraphDef).node);
  expect(after).toEqual(before);
});
