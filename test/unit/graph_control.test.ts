/** Control inputs and calls of functions, which a graph is loaded without. */
import '../support/quiet_cpu.js';
import * as tf from '@tensorflow/tfjs-core';
import type {FunctionDef, GraphDef, NodeDef} from '../../src/graph/graph_def.js';
import {fuseGraph, loadGraphModel} from '../../src/graph/index.js';
import {GraphBuilder} from '../support/graph_builder.js';

beforeAll(() => {
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

/** A constant that waits for something. */
function waiting(graph: GraphBuilder, name: string, value: number, ...input: string[]): string {
  graph.floats(name, value);
  graph.node(name).input = input;
  return name;
}

/** `x` > 0 ? 1 : −1; the constants belong to their branches by control inputs alone. */
function conditional(): GraphBuilder {
  const graph = new GraphBuilder();
  graph.op('Greater', 'chooses', [graph.input('x'), graph.floats('zero', 0)]);
  graph.op('Switch', 'switch', ['chooses', 'chooses']);
  graph.op('Identity', 'pivot-f', ['switch']);
  graph.op('Identity', 'pivot-t', ['switch:1']);
  waiting(graph, 'minus', -1, '^pivot-f');
  waiting(graph, 'plus', 1, '^pivot-t');
  graph.op('Merge', 'out', ['minus', 'plus'], {N: {i: '2'}});
  return graph;
}

/**
 * for (i = 0, y = 0; i < limit; i++) y = body(i, y). What the first values wait for is given.
 *
 * @param body Adds the nodes of a round and names its value of y; i is there anew in each.
 * @returns The name of the last value.
 */
function loop(
  graph: GraphBuilder,
  name: string,
  limit: string,
  waits: string[],
  body: (round: {i: string; y: string}) => string,
): string {
  const own = (part: string) => `${name}/${part}`;
  const enter = (part: string, from: string, isConstant = false) =>
    graph.op('Enter', own(part), [from], {
      frame_name: {s: btoa(name)},
      is_constant: {b: isConstant},
    });
  const zero = waiting(graph, own('zero'), 0, ...waits);
  graph.op('Merge', own('i'), [enter('enter-i', zero), own('next-i')], {N: {i: '2'}});
  graph.op('Merge', own('y'), [enter('enter-y', zero), own('next-y')], {N: {i: '2'}});
  graph.op('Less', own('goes-on'), [own('i'), enter('limit', limit, true)]);
  graph.op('LoopCond', own('condition'), [own('goes-on')]);
  graph.op('Switch', own('switch-i'), [own('i'), own('condition')]);
  graph.op('Switch', own('switch-y'), [own('y'), own('condition')]);
  graph.op('Identity', own('body'), [`${own('switch-i')}:1`]);
  const step = waiting(graph, own('step'), 1, `^${own('body')}`);
  const y = body({i: own('body'), y: `${own('switch-y')}:1`});
  graph.op('NextIteration', own('next-y'), [y]);
  graph.op('NextIteration', own('next-i'), [graph.op('AddV2', own('moved'), [own('body'), step])]);
  return graph.op('Exit', own('exit'), [own('switch-y')]);
}

describe('conditional branches that are constants', () => {
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

describe('loops', () => {
  const count = ({y}: {y: string}, graph: GraphBuilder, step: string, name: string) =>
    graph.op('AddV2', name, [y, step]);

  test.each([
    [3, 3],
    [-3, -1],
  ])('in a branch: of x = %d: %d', async (x, expected) => {
    const graph = conditional();
    graph.op('Switch', 'switch-x', ['x', 'chooses']);
    const rounds = loop(graph, 'loop', 'switch-x:1', ['^pivot-t'], (round) =>
      count(round, graph, 'loop/step', 'counted'),
    );
    graph.node('out').input = ['minus', rounds];
    expect(await run(graph, {x: tf.scalar(x)})).toEqual([expected]);
  });

  test.each([
    [3, 2],
    [-3, -1],
  ])('of constants alone in a branch: of x = %d: %d', async (x, expected) => {
    const graph = conditional();
    waiting(graph, 'two', 2, '^pivot-t');
    const rounds = loop(graph, 'loop', 'two', ['^pivot-t'], (round) =>
      count(round, graph, 'loop/step', 'counted'),
    );
    graph.node('out').input = [rounds, 'minus'];
    expect(await run(graph, {x: tf.scalar(x)})).toEqual([expected]);
  });

  test.each([
    [0, 0],
    [1, 0],
    [4, 6],
  ])('one within another: the sum of the numbers below %d: %d', async (x, expected) => {
    const graph = new GraphBuilder();
    const last = loop(graph, 'outer', graph.input('x'), [], ({i, y}) => {
      const inner = loop(graph, 'inner', i, [`^${i}`], (round) =>
        count(round, graph, 'inner/step', 'counted'),
      );
      return graph.op('AddV2', 'added', [y, inner]);
    });
    graph.op('Identity', 'out', [last]);
    expect(await run(graph, {x: tf.scalar(x)})).toEqual([expected]);
  });

  test.each([
    [0, 0],
    [1, 7],
    [3, 7],
  ])('with a value that each round sets to a constant: %d rounds: %d', async (x, expected) => {
    const graph = new GraphBuilder();
    const last = loop(graph, 'loop', graph.input('x'), [], ({i}) =>
      waiting(graph, 'seven', 7, `^${i}`),
    );
    graph.op('Identity', 'out', [last]);
    expect(await run(graph, {x: tf.scalar(x)})).toEqual([expected]);
  });

  test.each([
    [0, 0],
    [2, 2],
    [4, 22],
  ])('with a branch in them: %d rounds: %d', async (x, expected) => {
    // Each adds 10 where i > 1, else 1.
    const graph = new GraphBuilder();
    const last = loop(graph, 'loop', graph.input('x'), [], ({i, y}) => {
      graph.op('Greater', 'is-late', [i, 'loop/step']);
      graph.op('Switch', 'branch', ['is-late', 'is-late']);
      graph.op('Identity', 'early', ['branch']);
      graph.op('Identity', 'late', ['branch:1']);
      waiting(graph, 'one', 1, '^early');
      waiting(graph, 'ten', 10, '^late');
      graph.op('Merge', 'term', ['one', 'ten'], {N: {i: '2'}});
      return graph.op('AddV2', 'added', [y, 'term']);
    });
    graph.op('Identity', 'out', [last]);
    expect(await run(graph, {x: tf.scalar(x)})).toEqual([expected]);
  });
});

describe('gates', () => {
  /** Each gate of a loaded graph: its name, what it passes on, and what it waits for. */
  function gatesOf(graph: GraphBuilder, outputs = ['out']): string[][] {
    const loaded = fuseGraph({load: () => graph.artifacts(outputs)}).load() as tf.io.ModelArtifacts;
    const {node} = loaded.modelTopology as GraphDef;
    expect(node.flatMap(({input}) => input ?? []).filter((ref) => ref.startsWith('^'))).toEqual([]);
    return node.flatMap(({name, op, input = []}) => (op === 'TfjsGate' ? [[name, ...input]] : []));
  }

  /** The gate of what Merge takes in place of 1. */
  function gateOf(change: (graph: GraphBuilder) => string): string[] | undefined {
    const graph = conditional();
    graph.node('out').input = ['minus', change(graph)];
    return gatesOf(graph)
      .find(([name]) => name === 'out/gate_1')
      ?.slice(1);
  }

  test('let constants of branches through, and nothing else', () => {
    expect(gatesOf(conditional())).toEqual([
      ['out/gate_0', 'minus', 'pivot-f'],
      ['out/gate_1', 'plus', 'pivot-t'],
    ]);
    expect(gateOf((graph) => graph.op('Neg', 'negated', ['pivot-t']))).toBeUndefined();
    const graph = new GraphBuilder();
    graph.op('Neg', 'out', [graph.input('x')]);
    graph.op('Merge', 'merged', ['x', 'out']);
    expect(gatesOf(graph)).toEqual([]);
  });

  test('wait for what stands in the branch by its data', () => {
    const constant = (graph: GraphBuilder, ...waits: string[]) =>
      waiting(graph, 'constant', 2, ...waits);
    expect(gateOf((graph) => graph.op('Neg', 'negated', [constant(graph, '^pivot-t')]))).toEqual([
      'negated',
      'pivot-t',
    ]);
    expect(gateOf((graph) => constant(graph, '^switch', '^pivot-t'))).toEqual([
      'constant',
      'pivot-t',
    ]);
    expect(
      gateOf((graph) => {
        graph.op('NoOp', 'hub', ['^zero', '^pivot-t']);
        return constant(graph, '^hub');
      }),
    ).toEqual(['constant', 'pivot-t']);
    expect(
      gateOf((graph) => {
        graph.op('Switch', 'within', ['switch:1', 'switch:1']);
        return constant(graph, '^within');
      }),
    ).toEqual(['constant', 'switch:1']);
  });

  test('wait for no branch that was left', () => {
    const first = (graph: GraphBuilder) => {
      graph.op('Switch', 'other', ['x', 'chooses']);
      return graph.op('Merge', 'first', ['other', 'other:1'], {N: {i: '2'}});
    };
    expect(
      gateOf((graph) => {
        const [constant, merged] = [waiting(graph, 'constant', 2, '^pivot-t'), first(graph)];
        return graph.op('AddV2', 'sum', [
          graph.op('Neg', 'negated', [constant]),
          graph.op('Neg', 'passed', [merged]),
        ]);
      }),
    ).toEqual(['sum', 'pivot-t']);
    expect(gateOf((graph) => waiting(graph, 'constant', 2, `^${first(graph)}`))).toBeUndefined();
    expect(
      gateOf((graph) => {
        const last = loop(graph, 'loop', 'x', [], ({y}) => y);
        return waiting(graph, 'constant', 2, `^${last}`, '^pivot-t');
      }),
    ).toEqual(['constant', 'pivot-t']);
  });

  test('stand before a branch within a branch, whatever its Merge waits for', () => {
    const graph = conditional();
    graph.op('Switch', 'within', ['switch:1', 'switch:1']);
    graph.op('Merge', 'merged', ['within', 'within:1', '^zero'], {N: {i: '2'}});
    waiting(graph, 'constant', 2, '^merged');
    graph.node('out').input = ['minus', 'constant'];
    expect(gatesOf(graph)).toContainEqual(['out/gate_1', 'constant', 'merged']);
    // Both inputs of a Switch may be constants of the branch.
    const chosen = conditional();
    waiting(chosen, 'always', 1, '^pivot-t');
    chosen.op('Switch', 'within', ['plus', 'always']);
    chosen.op('Merge', 'merged', ['within', 'within:1'], {N: {i: '2'}});
    chosen.node('out').input = ['minus', 'merged'];
    expect(gatesOf(chosen).sort()).toEqual([
      ['out/gate_0', 'minus', 'pivot-f'],
      ['within/gate_0', 'plus', 'pivot-t'],
      ['within/gate_1', 'always', 'pivot-t'],
    ]);
  });

  test.each([
    ...['EmptyTensorList', 'TensorArrayV3', 'TensorListReserve'],
    ...['Multinomial', 'RandomStandardNormal', 'RandomUniform', 'RandomUniformInt'],
    'TruncatedNormal',
  ])('stand before %s, which differs from round to round', (op) => {
    const graph = new GraphBuilder();
    const last = loop(graph, 'loop', graph.input('x'), [], ({i}) =>
      graph.op(op, 'made', [waiting(graph, 'size', 3, `^${i}`)]),
    );
    expect(gatesOf(graph, [last])).toContainEqual(['made/gate_0', 'size', 'loop/body']);
    expect(gatesOf(graph, [last])).toHaveLength(1);
  });

  test('of a loop in a branch', () => {
    const graph = conditional();
    const last = loop(graph, 'loop', 'plus', ['^pivot-t'], ({i}) =>
      waiting(graph, 'constant', 2, `^${i}`),
    );
    graph.node('out').input = [last, 'minus'];
    expect(gatesOf(graph).sort()).toEqual([
      ['loop/enter-i/gate_0', 'loop/zero', 'pivot-t'],
      ['loop/enter-y/gate_0', 'loop/zero', 'pivot-t'],
      ['loop/limit/gate_0', 'plus', 'pivot-t'],
      ['loop/next-y/gate_0', 'constant', 'loop/body'],
      ['out/gate_1', 'minus', 'pivot-f'],
    ]);
  });

  test('are found in deep graphs, and beside nodes that wait for each other', () => {
    const graph = conditional();
    let last = 'plus';
    for (let i = 0; i < 20_000; i++) last = graph.op('Neg', `n${i}`, [last, `^${last}`]);
    graph.node('out').input = ['minus', last];
    expect(gatesOf(graph)).toContainEqual(['out/gate_1', last, 'pivot-t']);
    const circle = conditional();
    circle.op('Neg', 'a', ['plus', '^b']);
    circle.op('Neg', 'b', ['a']);
    circle.node('out').input = ['minus', 'plus', 'b'];
    expect(gatesOf(circle)).toContainEqual(['out/gate_1', 'plus', 'pivot-t']);
  });
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

  /** The nodes of the loaded graph. */
  function namesOf(graph: GraphBuilder, functions: FunctionDef[]): string[] {
    const artifacts = graph.artifacts(['out']);
    const modelTopology = {...artifacts.modelTopology, library: {function: functions}};
    const load = () => ({...artifacts, modelTopology});
    const loaded = fuseGraph({load}).load() as tf.io.ModelArtifacts;
    return (loaded.modelTopology as GraphDef).node.map(({name}) => name);
  }

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

  test('a call whose values are all taken leaves no node', () => {
    const graph = caller();
    graph.nodes.push(call('call', 'f', ['x', graph.floats('one', 1)]));
    graph.op('Identity', 'out', ['call:2']);
    const names = namesOf(graph, [f]);
    expect(names).toEqual(['x', 'one', 'out', 'call/sub', 'call/top', 'k', 'call/cast']);
  });

  test('a function that gives back its argument, and has no nodes', async () => {
    const same: FunctionDef = {
      signature: {name: 'same', inputArg: [{name: 'a'}], outputArg: [{name: 'y'}]},
      ret: {y: 'a'},
    };
    const graph = caller();
    graph.nodes.push(call('call', 'same', ['x']));
    graph.op('Neg', 'out', ['call']);
    expect(await run(graph, {x: tf.scalar(2)}, [same])).toEqual([-2]);
    expect(namesOf(graph, [same])).toEqual(['x', 'out']);
  });

  test('no other op that names a function', () => {
    const graph = caller();
    graph.nodes.push({...call('call', 'f', ['x', 'x']), op: 'RemoteCall'});
    graph.op('Neg', 'out', ['call']);
    expect(() => namesOf(graph, [f])).toThrow(/RemoteCall \(the node 'call'\)/);
  });

  /** A function without arguments, or with one that is only waited for, and its constant. */
  const three = (name: string, ...waits: string[]): FunctionDef => ({
    signature: {name, inputArg: waits.map((a) => ({name: a})), outputArg: [{name: 'y'}]},
    nodeDef: [{name: 'three', op: 'Const', attr: {}, input: waits.map((a) => `^${a}`)}],
    ret: {y: 'three:output:0'},
  });

  test.each([
    [2, -3],
    [-2, 3],
  ])('in both branches, of constants alone: of x = %d: %d', async (x, expected) => {
    const graph = conditional();
    graph.floats('three', 3);
    graph.nodes.pop(); // It is among the function's nodes.
    graph.nodes.push(call('first', 'g', ['^pivot-f']), call('second', 'g', ['^pivot-t']));
    graph.node('out').input = ['first', graph.op('Neg', 'negated', ['second'])];
    expect(await run(graph, {x: tf.scalar(x)}, [three('g')])).toEqual([expected]);
  });

  test.each([
    [2, -3],
    [-2, 3],
  ])('in both branches, of arguments waited for: of x = %d: %d', async (x, expected) => {
    const graph = conditional();
    graph.floats('three', 3);
    graph.nodes.pop();
    graph.nodes.push(call('first', 'g', ['pivot-f']), call('second', 'g', ['pivot-t']));
    graph.node('out').input = ['first', graph.op('Neg', 'negated', ['second'])];
    expect(await run(graph, {x: tf.scalar(x)}, [three('g', 'a')])).toEqual([expected]);
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
