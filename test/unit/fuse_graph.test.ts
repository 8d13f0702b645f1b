/** fuseGraph with each kind of handler, with what it must not touch, and with malformed models. */
import '../support/quiet_cpu.js';
import * as tf from '@tensorflow/tfjs-core';
import {readConstants} from '../../src/graph/constants.js';
import type {FunctionDef, GraphDef, NodeDef} from '../../src/graph/graph_def.js';
import {type FusionReport, fuseGraph, loadGraphModel} from '../../src/graph/index.js';
import {GraphBuilder} from '../support/graph_builder.js';
import {builtGraph, type PatternGraph, patternGraphs} from '../support/pattern_graphs.js';

let debug: jest.SpyInstance;

beforeAll(() => {});

beforeEach(() => {
  debug = jest.spyOn(console, 'debug').mockImplementation(() => {});
});

const example = patternGraphs.find(({pattern}) => pattern === 'keras3') as PatternGraph;
const artifacts = () => builtGraph(example).artifacts(['out']);
const load = async (loaded: tf.io.ModelArtifacts) =>
  fuseGraph({load: async () => loaded}).load() as Promise<tf.io.ModelArtifacts>;

function reportOf(loaded: tf.io.ModelArtifacts): FusionReport | undefined {
  return loaded.userDefinedMetadata?.layerNorm as FusionReport | undefined;
}

describe('handlers', () => {
  test('an asynchronous one', async () => {
    expect(reportOf(await load(artifacts()))).toEqual({fused: 1, patterns: {keras3: 1}});
  });

  test('a synchronous one stays so', () => {
    const loaded = fuseGraph({load: artifacts}).load();
    expect(reportOf(loaded)?.fused).toBe(1);
  });

  test('one that streams the weights, in parts that end anywhere', async () => {
    const {weightData, ...rest} = artifacts();
    const bytes = new Uint8Array(tf.io.CompositeArrayBuffer.join(weightData as ArrayBuffer[]));
    const parts = [bytes.subarray(0, 5), bytes.subarray(5, 6), bytes.subarray(6)];
    const getWeightStream = () =>
      new ReadableStream({
        start(controller) {
          for (const part of parts) controller.enqueue(part);
          controller.close();
        },
      });
    const loaded = await load({...rest, getWeightStream});
    expect(reportOf(loaded)?.fused).toBe(1);
    expect(loaded.getWeightStream).toBeUndefined();
    const joined = tf.io.CompositeArrayBuffer.join(loaded.weightData as ArrayBuffer[]);
    expect(new Uint8Array(joined)).toEqual(bytes);
  });

  test('one that is registered for a URL', async () => {
    tf.io.registerLoadRouter((url) =>
      url === 'graph-test://model' ? tf.io.fromMemory(artifacts()) : (null as never),
    );
    const model = await loadGraphModel('graph-test://model');
    expect(model.metadata).toEqual({layerNorm: {fused: 1, patterns: {keras3: 1}}});
    model.dispose();
  });

  test('what the handler loads is not changed, and the user’s metadata stay', async () => {
    const loaded = {...artifacts(), userDefinedMetadata: {author: 'somebody'}};
    const before = structuredClone(loaded);
    const fused = await load(loaded);
    expect(loaded).toEqual(before);
    expect(fused.userDefinedMetadata).toEqual({
      author: 'somebody',
      layerNorm: {fused: 1, patterns: {keras3: 1}},
    });
  });

  test('a fused graph is fused no further', async () => {
    const once = await load(artifacts());
    const twice = await load(once);
    expect(twice.modelTopology).toEqual(once.modelTopology);
  });

  test('no tensor is left behind', async () => {
    const before = tf.memory().numTensors;
    await load(artifacts());
    expect(tf.memory().numTensors).toBe(before);
  });

  test('a line for debugging says how many were fused', async () => {
    await load(artifacts());
    expect(debug).toHaveBeenCalledWith(expect.stringContaining('fused 1 of'));
  });
});

describe('the rest of the graph', () => {
  test('quantised constants are read as the model reads them', async () => {
    const loaded = artifacts();
    const spec = loaded.weightSpecs?.find(({name}) => name === 'epsilon');
    const at = loaded.weightSpecs?.indexOf(spec as tf.io.WeightsManifestEntry) ?? -1;
    Object.assign(spec as object, {quantization: {dtype: 'uint8', scale: 0.25, min: 0.5}});
    (loaded.weightData as ArrayBuffer[])[at] = new Uint8Array([2]).buffer;
    const fused = await load(loaded);
    const node = (fused.modelTopology as GraphDef).node.find(({name}) => name === 'out');
    expect(node?.attr?.epsilon.f).toBe(1);
  });

  test('weights after strings are found', async () => {
    const loaded = artifacts();
    loaded.weightSpecs?.unshift({name: 'words', dtype: 'string', shape: [2]});
    (loaded.weightData as ArrayBuffer[]).unshift(
      new Uint8Array([1, 0, 0, 0, 97, 2, 0, 0, 0, 98, 99]).buffer,
    );
    const fused = await load(loaded);
    expect(reportOf(fused)?.fused).toBe(1);
    const node = (fused.modelTopology as GraphDef).node.find(({name}) => name === 'out');
    expect(node?.attr?.epsilon.f).toBeCloseTo(example.epsilon, 8);
  });

  test.each([
    ['within one', [1, 0, 0, 0, 97, 9, 0, 0, 0, 98]],
    ['between two', [1, 0, 0, 0, 97]],
    ['within a length', [1, 0, 0, 0, 97, 1, 0]],
    ['before the first', []],
  ])('strings that end early are told as what is missing: %s', async (_, bytes) => {
    for (const shape of [[3], [2 ** 40]]) {
      const loaded = artifacts();
      loaded.weightSpecs = [{name: 'words', dtype: 'string', shape}];
      loaded.weightData = new Uint8Array(bytes).buffer;
      await expect(load(loaded)).rejects.toThrow(
        `the weights end at byte ${bytes.length}, within 'words': ` +
          'the weight file is truncated or belongs to another model.',
      );
    }
  });

  test('the result keeps the shape into which a batch normalisation is brought', async () => {
    const graph = builtGraph(patternGraphs[2]);
    graph.node('back').input?.splice(1, 1, graph.integers('flat', [-1, 12]));
    const model = await loadGraphModel(tf.io.fromMemory(graph.artifacts(['out'])));
    const y = model.execute(tf.ones([2, 3, 4])) as tf.Tensor;
    expect(y.shape).toEqual([2, 12]);
  });

  test('what an inner node waits for is not waited for', async () => {
    const graph = builtGraph(example);
    graph.op('NoOp', 'first', []);
    graph.node('mean').input?.push('^first');
    const fused = await load(graph.artifacts(['out']));
    const node = (fused.modelTopology as GraphDef).node.find(({name}) => name === 'out');
    expect(node?.input).toEqual(['x', 'gamma', 'beta']);
  });

  test('two in a row', async () => {
    const graph = builtGraph(example);
    for (const node of structuredClone(graph.nodes)) {
      if (node.op === 'Const' || node.op === 'Placeholder') continue;
      const second = (input: string) =>
        input === 'x' ? 'out' : graph.node(input).op === 'Const' ? input : `${input}-2`;
      graph.op(node.op, `${node.name}-2`, (node.input ?? []).map(second), node.attr);
    }
    const fused = await load(graph.artifacts(['out-2']));
    expect(reportOf(fused)?.fused).toBe(2);
    const nodes = (fused.modelTopology as GraphDef).node.filter(({op}) => op === 'TfjsLayerNorm');
    expect(nodes.map(({name, input}) => [name, input])).toEqual([
      ['out', ['x', 'gamma', 'beta']],
      ['out-2', ['out', 'gamma', 'beta']],
    ]);
  });

  /** A graph that calls a function of the library, which is the graph of a pattern. */
  async function inFunction(
    returned: Pick<FunctionDef, 'ret' | 'controlRet'>,
    change: (graph: GraphBuilder) => void = () => {},
    outputs = ['call'],
  ): Promise<tf.io.ModelArtifacts> {
    const graph = builtGraph(example);
    change(graph);
    const isArgument = (name: string) => graph.node(name).op === 'Placeholder';
    const nodeDef = graph.nodes
      .filter(({name}) => !isArgument(name))
      .map((node) => ({
        ...node,
        input: node.input?.map((input) => (isArgument(input) ? input : `${input}:output:0`)),
      }));
    const inputArg = graph.nodes.filter(({name}) => isArgument(name)).map(({name}) => ({name}));
    const f = {signature: {name: 'f', inputArg}, nodeDef, ...returned};
    const call = {name: 'call', op: 'StatelessIf', input: []};
    return load({
      ...graph.artifacts(outputs),
      modelTopology: {node: [call], library: {function: [f]}} as object,
    });
  }

  test.each([
    [{ret: {result: 'out:z:0', inner: 'rstd:y:0'}}, 0],
    [{ret: {result: 'out:z:0'}, controlRet: {inner: 'rstd'}}, 0],
    [{ret: {result: 'out:z:0'}, controlRet: {result: 'out'}}, 1],
  ])('a function that returns %j', async (returned, fused) => {
    expect(reportOf(await inFunction(returned))?.fused).toBe(fused);
  });

  test('a function’s nodes are not the outputs of the same name', async () => {
    const fused = await inFunction({ret: {result: 'out:z:0'}}, undefined, ['call', 'rstd']);
    expect(reportOf(fused)?.fused).toBe(1);
  });

  test('a function’s node is no constant of the same name', async () => {
    const fused = await inFunction({ret: {result: 'out:z:0'}}, (graph) => {
      Object.assign(graph.node('epsilon'), {op: 'Neg', input: [graph.input('given')]});
    });
    expect(reportOf(fused)?.fused).toBe(0);
  });

  test('a function of the library', async () => {
    const fused = await inFunction({ret: {result: 'out:z:0'}});
    expect(reportOf(fused)?.fused).toBe(1);
    const nodes = (fused.modelTopology as GraphDef).library?.function?.[0].nodeDef;
    expect(nodes?.map(({name, op}) => [name, op])).toEqual([
      ['gamma', 'Const'],
      ['beta', 'Const'],
      ['out', 'TfjsLayerNorm'],
    ]);
    expect(nodes?.[2].input).toEqual(['x', 'gamma', 'beta']);
  });
});

describe('errors', () => {
  const withNodes = (nodes: unknown) => ({...artifacts(), modelTopology: {node: nodes} as object});
  const node = (name: string, ...input: string[]): NodeDef => ({name, op: 'Add', input});

  test.each([null, undefined, {}, 'model.json', {save: () => {}}])(
    'a handler that is none: %j',
    (handler) => {
      expect(() => fuseGraph(handler as tf.io.IOHandler)).toThrow(/must be an IOHandler/);
    },
  );

  test.each([
    [null, 'null'],
    [undefined, 'undefined'],
    [3, 'number'],
    [{}, 'object'],
    [{load: 3}, 'object'],
  ])('loadGraphModel of no model: %j', async (source, kind) => {
    await expect(loadGraphModel(source as unknown as string)).rejects.toThrow(
      `a URL or an IOHandler with a function load must be given, but it is ${kind}.`,
    );
  });

  test('loadGraphModel of a URL that two handlers take', async () => {
    for (let i = 0; i < 2; i++) {
      tf.io.registerLoadRouter((url) =>
        url === 'graph-test://two' ? tf.io.fromMemory(artifacts()) : (null as never),
      );
    }
    await expect(loadGraphModel('graph-test://two')).rejects.toThrow(
      "2 handlers take the URL 'graph-test://two'",
    );
  });

  test.each(['graph-hub://a', 'graph-hub://b/'])('of TensorFlow Hub: %s', async (url) => {
    const asked: string[] = [];
    tf.io.registerLoadRouter((given) => {
      if (!String(given).startsWith(url)) return null as never;
      asked.push(String(given));
      return tf.io.fromMemory(artifacts());
    });
    const model = await loadGraphModel(url, {fromTFHub: true});
    expect(model.metadata.layerNorm.fused).toBe(1);
    expect(new Set(asked)).toEqual(
      new Set([`${url.replace(/\/$/, '')}/model.json?tfjs-format=file`]),
    );
  });

  test.each([
    ['nothing', undefined, /has no graph/],
    ['no topology', {}, /has no graph/],
    ['bytes', {modelTopology: new ArrayBuffer(4)}, /has no graph/],
    ['a layers model', {modelTopology: {model_config: {}}}, /layers model.*tf.loadLayersModel/],
    ['another layers model', {modelTopology: {class_name: 'Model'}}, /layers model/],
    ['a node without a name', withNodes([{op: 'Add'}]), /without a name or an op/],
    ['null for a node', withNodes([null]), /without a name or an op/],
    ['two nodes of one name', withNodes([node('a'), node('a')]), /two nodes.*'a'/],
    ['an input that is not there', withNodes([node('a', 'b:1')]), /'a' takes 'b:1'/],
    ['an input that is no name', withNodes([node('a', 3 as never)]), /'a' takes '3'/],
    [
      'an argument that is not there',
      {
        ...artifacts(),
        modelTopology: {
          node: [],
          library: {function: [{signature: {name: 'f'}, nodeDef: [node('a', 'arg')]}]},
        },
      },
      /the function 'f' the node 'a' takes 'arg'/,
    ],
    [
      'too few weights',
      {...artifacts(), weightData: new ArrayBuffer(6)},
      /end at byte 6.*truncated/,
    ],
    ['no weights', {...artifacts(), weightData: undefined}, /end at byte 0/],
    [
      'a weight of unknown dtype',
      {...artifacts(), weightSpecs: [{name: 'w', dtype: 'float8', shape: []}]},
      /'w' has the unknown dtype 'float8'/,
    ],
    [
      'a dtype that every object has',
      {...artifacts(), weightSpecs: [{name: 'w', dtype: 'constructor', shape: []}]},
      /'w' has the unknown dtype 'constructor'/,
    ],
    [
      'a weight without a shape',
      {...artifacts(), weightSpecs: [{name: 'w', dtype: 'float32'}]},
      /shape of the weight 'w' must be a list of sizes/,
    ],
    ...['ret', 'controlRet'].map((ret): [string, object, RegExp] => [
      `a function whose ${ret} is no name`,
      {
        ...artifacts(),
        modelTopology: {node: [], library: {function: [{signature: {name: 'f'}, [ret]: {y: 3}}]}},
      },
      /the function 'f' returns what has no name/,
    ]),
    [
      'functions that are no list',
      {...artifacts(), modelTopology: {node: [], library: {function: 3}}},
      /library.function must be a list, but is 3/,
    ],
    [
      'arguments that are no list',
      {
        ...artifacts(),
        modelTopology: {node: [], library: {function: [{signature: {inputArg: 3}}]}},
      },
      /the inputArg of a function must be a list, but is 3/,
    ],
    [
      'a function whose nodes are no list',
      {...artifacts(), modelTopology: {node: [], library: {function: [{nodeDef: {}}]}}},
      /the nodeDef of a function must be a list, but is {}/,
    ],
    ['weights that are no list', {...artifacts(), weightSpecs: {}}, /weightSpecs must be a list/],
    [
      'weights that are no bytes',
      {...artifacts(), weightData: 'bytes'},
      /must be an ArrayBuffer, or a list of them/,
    ],
    [
      'a weight that is null',
      {...artifacts(), weightSpecs: [null]},
      /an entry without a name: null/,
    ],
    [
      'a weight without a name',
      {...artifacts(), weightSpecs: [{dtype: 'float32', shape: []}]},
      /without a name: {"dtype"/,
    ],
    ...[[-1], [1.5], ['2']].map((shape): [string, object, RegExp] => [
      `a weight of the shape ${JSON.stringify(shape)}`,
      {...artifacts(), weightSpecs: [{name: 'w', dtype: 'float32', shape}]},
      /shape of the weight 'w' must be a list of sizes/,
    ]),
    ['a node of the name 3', withNodes([{name: 3, op: 'Add'}]), /without a name or an op/],
    [
      'a node without an op',
      withNodes([{name: 'a'}]),
      /the graph has a node without a name or an op/,
    ],
    [
      'an attr that is a number',
      withNodes([{name: 'a', op: 'Add', attr: {T: 3}}]),
      /an attr without/,
    ],
    [
      'inputs that are no list',
      withNodes([{name: 'a', op: 'Add', input: 3}]),
      /the input of the node 'a' must be a list, but is 3/,
    ],
    ['an attr of null', withNodes([{name: 'a', op: 'Add', attr: {T: null}}]), /an attr without/],
    [
      'nodes that pass on what they get from each other',
      withNodes([
        {name: 'a', op: 'Identity', input: ['b']},
        {name: 'b', op: 'Identity', input: ['a:0']},
      ]),
      /the node 'a' takes its own value/,
    ],
    [
      'nodes that reshape what they get from each other',
      withNodes([
        {name: 'a', op: 'Reshape', input: ['b']},
        {name: 'b', op: 'Reshape', input: ['a:0']},
        {name: 'out', op: 'Square', input: ['a']},
      ]),
      /the node 'a' takes its own value/,
    ],
    [
      'a node that takes another output of its own',
      withNodes([{name: 'a', op: 'TopKV2', input: ['a:1']}]),
      /the node 'a' takes its own value/,
    ],
    [
      'an input that is an object',
      withNodes([node('a', {name: 'b'} as never)]),
      /'a' takes '{"name":"b"}'/,
    ],
    [
      'two attrs of which one is none',
      withNodes([{name: 'a', op: 'Add', attr: {T: {}, N: 3}}]),
      /in the graph the node 'a' has an attr without a value/,
    ],
    ...(
      [
        [{signature: {name: 'f', inputArg: [{name: 'x'}, null]}}, 'has an argument without a name'],
        [{signature: {name: 'f', outputArg: [{name: 'y'}, {}]}}, 'has an argument without a name'],
        [{signature: {name: 'f'}, ret: {y: 'a', z: 3}}, 'returns what has no name'],
        [{signature: {name: 'f'}, nodeDef: [node('a'), node('a')]}, 'has two nodes'],
      ] as const
    ).map(([f, message]): [string, object, RegExp] => [
      `the function ${JSON.stringify(f)}`,
      {...artifacts(), modelTopology: {node: [], library: {function: [f]}}},
      new RegExp(`the function 'f' ${message}`),
    ]),
    ...[null, 3, 'f'].map((f): [string, object, RegExp] => [
      `${JSON.stringify(f)} for a function`,
      {...artifacts(), modelTopology: {node: [], library: {function: [f]}}},
      new RegExp(`library.function has an entry that is no function: ${f}\\.`),
    ]),
    [
      'results that are no list',
      {
        ...artifacts(),
        modelTopology: {node: [], library: {function: [{signature: {outputArg: 3}}]}},
      },
      /the outputArg of a function must be a list, but is 3/,
    ],
    ...[[new ArrayBuffer(8), 'bytes'], [null], 3].map((weightData): [string, object, RegExp] => [
      `weights of which one is no buffer: ${JSON.stringify(weightData)}`,
      {...artifacts(), weightData},
      /must be an ArrayBuffer, or a list of them/,
    ]),
    [
      'a weight of the shape [2,-1]',
      {...artifacts(), weightSpecs: [{name: 'w', dtype: 'float32', shape: [2, -1]}]},
      /the shape of the weight 'w' must be a list of sizes, but is \[2,-1\]/,
    ],
    [
      'a dtype that is no name',
      {...artifacts(), weightSpecs: [{name: 'w', dtype: {bits: 8}, shape: []}]},
      /'w' has the unknown dtype '{"bits":8}'/,
    ],
    [
      'a weight that is quantised in a way that tfjs does not know',
      {
        ...artifacts(),
        weightSpecs: artifacts().weightSpecs?.map((spec) =>
          spec.name === 'epsilon' ? {...spec, quantization: {dtype: 'int32'}} : spec,
        ),
      },
      /the weight 'epsilon' cannot be decoded: .*int32/,
    ],
  ])('a handler that loads %s', async (_, loaded, message) => {
    const before = tf.memory().numTensors;
    const handler = fuseGraph({load: async () => loaded as tf.io.ModelArtifacts});
    await expect(handler.load()).rejects.toThrow(message);
    expect(tf.memory().numTensors).toBe(before);
  });

  test('a synchronous handler that loads nothing', () => {
    const handler = fuseGraph({load: () => undefined} as unknown as tf.io.IOHandlerSync);
    expect(() => handler.load?.()).toThrow(/has no graph/);
  });

  test('a loop may begin with the value of the round before', async () => {
    const graph = builtGraph(example);
    graph.op('Merge', 'merge', ['next', 'x']);
    graph.op('Neg', 'body', ['merge']);
    graph.op('NextIteration', 'next', ['body']);
    expect(reportOf(await load(graph.artifacts(['out'])))?.fused).toBe(1);
  });

  test('a handler that fails, as it fails', async () => {
    const handler = fuseGraph({load: () => Promise.reject(new Error('404'))});
    await expect(handler.load()).rejects.toThrow('404');
  });

  test('a long chain of nodes that pass a value on, twice each, is none', async () => {
    const chain = Array.from({length: 20_000}, (_, i) => ({
      name: `n${i}`,
      op: i === 0 ? 'Placeholder' : 'Identity',
      input: i === 0 ? [] : [`n${i - 1}`, `n${i - 1}`],
    }));
    const end = {name: 'y', op: 'Mul', input: ['n19999', 'n0']};
    const fused = await load(withNodes([...chain, end]) as tf.io.ModelArtifacts);
    expect(reportOf(fused)?.fused).toBe(0);
  });

  test('an empty graph is none', async () => {
    const fused = await load(new GraphBuilder().artifacts([]));
    expect(reportOf(fused)).toEqual({fused: 0, patterns: {}});
  });
});

test('constants have the values that tfjs decodes', () => {
  const float16 = {dtype: 'float16', scale: 1, min: 0} as const;
  const uint8 = {dtype: 'uint8', scale: 0.5, min: -1} as const;
  const uint16 = {dtype: 'uint16', scale: 2, min: 3} as const;
  const rows: [spec: Partial<tf.io.WeightsManifestEntry>, bytes: number[], values?: number[]][] = [
    [{dtype: 'bool', shape: [3]}, [1, 0, 1], [1, 0, 1]],
    [{dtype: 'float32', shape: []}, [0, 0, 0x80, 0xbf], [-1]],
    [{dtype: 'string', shape: [2]}, [1, 0, 0, 0, 49, 0, 0, 0, 0]],
    [{dtype: 'int32', shape: [1, 2]}, [1, 2, 0, 0, 255, 255, 255, 255], [513, -1]],
    [{dtype: 'float32', shape: [2], quantization: float16}, [0, 0x3c, 0, 0xc0], [1, -2]],
    [{dtype: 'complex64', shape: [1]}, [0, 0, 0x80, 0x3f, 0, 0, 0, 0]],
    [{dtype: 'float32', shape: [0]}, [], []],
    [{dtype: 'float32', shape: [2], quantization: uint8}, [4, 255], [1, 126.5]],
    [{dtype: 'int32', shape: [1], quantization: uint16}, [1, 1], [517]],
    [{dtype: 'bool', shape: [65]}, Array(65).fill(1)],
    [{dtype: 'bool', shape: [8, 8]}, Array(64).fill(1), Array(64).fill(1)],
    [{dtype: 'string', shape: [1]}, [0, 0, 0, 0]],
  ];
  const specs = rows.map(([spec], i) => ({name: `w${i}`, ...spec}) as tf.io.WeightsManifestEntry);
  const bytes = new Uint8Array(rows.flatMap(([, own]) => own));
  // Whole, and in parts that end within weights.
  const parts = [0, 1, 4, 4, 6, 30, 100].map((at, i, all) => bytes.slice(at, all[i + 1]).buffer);
  for (const data of [bytes.buffer, parts]) {
    const constants = readConstants(specs, data);
    let start = 0;
    for (const [i, [{shape}, own, values]] of rows.entries()) {
      expect([i, constants.shape(`w${i}`)]).toEqual([i, shape]);
      expect([i, constants.value(`w${i}`)]).toEqual([i, values && {shape, values, start}]);
      start += own.length;
    }
    expect([constants.shape('none'), constants.value('none')]).toEqual([undefined, undefined]);
  }
});

test('a URL for which there is no handler is fetched', async () => {
  const {modelTopology, signature, weightSpecs, weightData} = artifacts();
  const files: Record<string, unknown> = {
    'some/model.json': JSON.stringify({
      ...{modelTopology, signature, format: 'graph-model'},
      weightsManifest: [{paths: ['weights.bin'], weights: weightSpecs}],
    }),
    'some/weights.bin': tf.io.CompositeArrayBuffer.join(weightData as ArrayBuffer[]),
  };
  const fetched: unknown[] = [];
  const fetchFunc = async (url: unknown, init: unknown) => {
    fetched.push([url, init]);
    return new Response(files[String(url)] as string);
  };
  const requestInit = {credentials: 'include'} as const;
  const model = await loadGraphModel('some/model.json', {
    fetchFunc: fetchFunc as typeof fetch,
    requestInit,
  });
  expect(model.metadata.layerNorm.fused).toBe(1);
  expect(fetched).toEqual([
    ['some/model.json', expect.objectContaining(requestInit)],
    ['some/weights.bin', expect.objectContaining(requestInit)],
  ]);
  model.dispose();
});

describe('a model that runs on another backend than that on which it was loaded', () => {
  const graph = () => {
    const g = new GraphBuilder();
    g.op('Unique', 'out', [g.input('x')]);
    return g.artifacts(['out']);
  };

  beforeEach(() => {
    jest.spyOn(console, 'warn').mockImplementation(() => {}); // that execute would do for executeAsync
  });

  test.each(['execute', 'executeAsync'] as const)('is checked there: %s', async (method) => {
    const model = await loadGraphModel(tf.io.fromMemory(graph()));
    const x = tf.tensor([1, 1, 2]);
    const run = async () => Array.from(((await model[method](x)) as tf.Tensor).dataSync());
    await expect(run()).resolves.toEqual([1, 2]);
    const [own, cpu] = [tf.getBackend(), tf.backend()];
    tf.registerBackend('bare', () => cpu);
    tf.setBackend('bare');
    try {
      await expect(run()).rejects.toThrow("the backend 'bare' cannot run these ops of the graph");
      // What was refused once is refused again.
      await expect(run()).rejects.toThrow("the backend 'bare' cannot run these ops of the graph");
    } finally {
      tf.setBackend(own);
      tf.removeBackend('bare');
    }
    await expect(run()).resolves.toEqual([1, 2]);
  });
});
