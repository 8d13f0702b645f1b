/** Which weight of a file each layer within a class of a user's gets, by names and by paths, or why none. */
import '../support/quiet_cpu.js';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import {KerasLayer} from '../../src/keras/index.js';
import {
  functional,
  input,
  type Json,
  layer,
  load,
  on,
  refusal,
  type Weight,
} from '../support/keras_json.js';

type Layer = tfl.layers.Layer;
type Held = Record<string, Layer | Layer[] | Record<string, Layer>>;

/** A class with these layers in its properties, each of which is built on its input. */
function holding(parts: () => Held, innerLayers?: string[]) {
  return class extends KerasLayer {
    static override innerLayers = innerLayers;
    readonly #held: Layer[];
    constructor(args: {name?: string}) {
      super(args);
      const properties = parts();
      Object.assign(this, properties);
      this.#held = Object.values(properties).flatMap((each) =>
        each instanceof tfl.layers.Layer ? [each] : Object.values(each),
      );
    }
    override build(shape: tfl.Shape) {
      for (const each of new Set(this.#held)) buildOn(each, shape);
      super.build(shape);
    }
    override call(inputs: tf.Tensor | tf.Tensor[]) {
      return [inputs].flat()[0].clone();
    }
  };
}

function buildOn(each: Layer, shape: tfl.Shape): void {
  each.build(each.getClassName() === 'Bidirectional' ? [null, 3, 2] : shape);
  each.built = true;
}

const dense = (options: object = {}) => tfl.layers.dense({units: 2, useBias: false, ...options});
const table = () => tfl.layers.embedding({inputDim: 2, outputDim: 2});
const model = () =>
  functional([
    input([2]),
    on({...layer('Own', {name: 'own'}), module: 'mine', registered_name: 'Own'}, 'x'),
  ]);

/** A weight of the file, all of whose numbers are this one. */
const stored = (name: string, value: number, shape = [2, 2]): Weight => [
  name,
  shape,
  Array(shape.reduce((size, n) => size * n, 1)).fill(value),
];

/** The first number of each weight of the layers in some properties. */
async function given(Own: ReturnType<typeof holding>, weights: Weight[], names: string[]) {
  const loaded = await load(model(), {weights, customObjects: {Own}});
  const own = loaded.layers[1] as unknown as Held;
  const found = names.map((name) =>
    [own[name]].flat().flatMap((each) => {
      const inside = each instanceof tfl.layers.Layer ? [each] : Object.values(each);
      return inside.flatMap(({weights: all}) => all.map((weight) => weight.read().dataSync()[0]));
    }),
  );
  tf.dispose(loaded.weights.map((weight) => weight.read()));
  return found;
}

interface Case {
  what: string;
  held: () => Held;
  inner?: string[];
  weights: Weight[];
  expected: Record<string, number[]>;
}

const byName: Case[] = [
  {
    what: 'one, named by its class',
    held: () => ({a: dense()}),
    weights: [stored('own/dense_4/kernel', 1)],
    expected: {a: [1]},
  },
  {
    what: 'one, without a name of its own',
    held: () => ({a: dense()}),
    weights: [stored('own/kernel', 1)],
    expected: {a: [1]},
  },
  {
    what: 'one, named by nothing known',
    held: () => ({a: dense()}),
    weights: [stored('own/projection/kernel', 1)],
    expected: {a: [1]},
  },
  {
    what: 'two kinds',
    held: () => ({a: dense(), b: table()}),
    weights: [stored('own/embedding_3/embeddings', 1), stored('own/dense/kernel', 2)],
    expected: {a: [2], b: [1]},
  },
  {
    what: 'two shapes',
    held: () => ({a: dense(), b: dense({units: 3})}),
    weights: [stored('own/dense/kernel', 1, [2, 3]), stored('own/dense_1/kernel', 2)],
    expected: {a: [2], b: [1]},
  },
  {
    what: 'a layer with one weight more than another',
    held: () => ({a: dense(), b: dense({useBias: true})}),
    weights: [
      stored('own/dense_1/kernel', 1),
      stored('own/dense_1/bias', 2, [2]),
      stored('own/dense_2/kernel', 3),
    ],
    expected: {a: [3], b: [1, 2]},
  },
  {
    what: 'alike, in the order that the class says',
    held: () => ({a: dense(), b: dense()}),
    inner: ['b', 'a'],
    weights: [stored('own/dense/kernel', 1), stored('own/dense_1/kernel', 2)],
    expected: {a: [2], b: [1]},
  },
  {
    what: 'alike, in a list',
    held: () => ({blocks: [dense(), dense(), dense()]}),
    weights: [5, 6, 7].map((n) => stored(`own/dense_${n}/kernel`, n)),
    expected: {blocks: [5, 6, 7]},
  },
  {
    what: 'alike, one of which is named in the file',
    held: () => ({a: dense(), b: dense({name: 'dense_7'})}),
    weights: [stored('own/dense_7/kernel', 1), stored('own/dense_3/kernel', 2)],
    expected: {a: [2], b: [1]},
  },
  {
    what: 'alike, both of which are named in the file, in another order',
    held: () => ({a: dense({name: 'first'}), b: dense({name: 'second'})}),
    weights: [stored('own/second/kernel', 1), stored('own/first/kernel', 2)],
    expected: {a: [2], b: [1]},
  },
  {
    what: 'the ways of a Bidirectional',
    held: () => ({
      a: tfl.layers.bidirectional({
        layer: tfl.layers.simpleRNN({units: 2, useBias: false, name: 'other'}) as never,
        mergeMode: 'concat',
      }),
    }),
    weights: ['backward', 'forward'].flatMap((way, i) => [
      stored(`own/bidirectional/${way}_rnn/kernel`, 2 * i + 1),
      stored(`own/bidirectional/${way}_rnn/recurrent_kernel`, 2 * i + 2),
    ]),
    expected: {a: [3, 4, 1, 2]},
  },
];

test.each(byName)('by name: $what', async ({held, inner, weights, expected}) => {
  const names = Object.keys(expected);
  expect(await given(holding(held, inner), weights, names)).toEqual(Object.values(expected));
});

const path = (name: string, value: number, shape?: number[]) =>
  stored(`layers/own/${name}`, value, shape);

const byPath: Case[] = [
  {
    what: 'an attribute',
    held: () => ({a: dense()}),
    weights: [path('a/vars/0', 1)],
    expected: {a: [1]},
  },
  {
    what: 'private attributes',
    held: () => ({a: dense(), _b: dense()}),
    weights: [path('_a/vars/0', 1), path('b/vars/0', 2)],
    expected: {a: [1], _b: [2]},
  },
  {
    what: 'camelCase',
    held: () => ({denseOne: dense(), norm2: dense()}),
    weights: [path('dense_one/vars/0', 1), path('norm_2/vars/0', 2)],
    expected: {denseOne: [1], norm2: [2]},
  },
  {
    what: 'two attributes that differ by an underscore',
    held: () => ({norm1: dense(), norm_1: dense()}),
    weights: [path('norm1/vars/0', 1), path('norm_1/vars/0', 2)],
    expected: {norm1: [1], norm_1: [2]},
  },
  {
    what: 'lists, counted by class',
    held: () => ({blocks: [dense(), table(), dense()]}),
    weights: [
      path('blocks/dense/vars/0', 1),
      path('blocks/dense_1/vars/0', 2),
      path('blocks/embedding/vars/0', 3),
    ],
    expected: {blocks: [1, 3, 2]},
  },
  {
    what: 'one layer in two attributes',
    held: () => {
      const shared = dense();
      return {a: shared, b: shared};
    },
    weights: [path('a/vars/0', 1)],
    expected: {a: [1], b: [1]},
  },
  {
    what: 'beside what is of no layer',
    held: () => ({a: dense()}),
    weights: [
      path('a/seed_generator/vars/0', 9, [2]),
      path('_seed_generator/vars/0', 9, [2]),
      path('a/vars/0', 1),
      stored('optimizer/vars/0', 9, []),
    ],
    expected: {a: [1]},
  },
];

test.each(byPath)('by path: $what', async ({held, inner, weights, expected}) => {
  const names = Object.keys(expected);
  expect(await given(holding(held, inner), weights, names)).toEqual(Object.values(expected));
});

/** A class with weights of its own, named in order. */
function weighing(names: string[], shape = [2], innerLayers?: string[]) {
  return class extends KerasLayer {
    static override innerLayers = innerLayers;
    override build(inputShape: tfl.Shape) {
      for (const name of names) this.addWeight(name, shape, 'float32', tfl.initializers.zeros());
      super.build(inputShape);
    }
    override call(inputs: tf.Tensor | tf.Tensor[]) {
      return [inputs].flat()[0].clone();
    }
  };
}

describe('weights of the class itself', () => {
  const values = async (Own: ReturnType<typeof weighing>, weights: Weight[]) => {
    const loaded = await load(model(), {weights, customObjects: {Own}});
    const found = loaded.layers[1].weights.map((weight) => weight.read().dataSync()[0]);
    loaded.dispose();
    return found;
  };

  test('by their names, in whatever order', async () => {
    const weights = [stored('own/bias', 1, [2]), stored('own/scale', 2, [2])];
    expect(await values(weighing(['scale', 'bias']), weights)).toEqual([2, 1]);
  });

  test('in order, where the class says that it keeps to it', async () => {
    const weights = [stored('own/p', 1, [2]), stored('own/q', 2, [2])];
    expect(await values(weighing(['scale', 'bias'], [2], []), weights)).toEqual([1, 2]);
  });

  test('not where nothing tells them apart', async () => {
    const weights = [stored('own/p', 1, [2]), stored('own/q', 2, [2])];
    const customObjects = {Own: weighing(['scale', 'bias'])};
    expect(await refusal(model(), {weights, customObjects})).toBe(
      'loadKerasModel: Own layer "own": its weights "scale", "bias" cannot be matched with those of ' +
        'the file, "own/p", "own/q", of which some have the same shape. Name them in addWeight by the ' +
        "last of Python's names.",
    );
  });

  test('by number, of which 10 comes after 2', async () => {
    const numbers = Array.from({length: 11}, (_, i) => i);
    const names = numbers.map((i) => `w${i}`);
    const weights = [...numbers].sort().map((i) => path(`vars/${i}`, i, [1]));
    expect(await values(weighing(names, [1]), weights)).toEqual(numbers);
  });

  test('by names that the class gives them in the file', async () => {
    const weights = [path('bias', 1, [2]), path('scale', 2, [2])];
    expect(await values(weighing(['scale', 'bias']), weights)).toEqual([2, 1]);
  });

  test('of another shape are refused', async () => {
    const weights = [path('vars/0', 1, [3])];
    const customObjects = {Own: weighing(['scale'])};
    expect(await refusal(model(), {weights, customObjects})).toBe(
      'loadKerasModel: Own layer "own": its weight 0, scale, has the shape [2], but in the file [3].',
    );
  });
});

const refused: [
  what: string,
  held: () => Held,
  inner: string[] | undefined,
  weights: Weight[],
  message: string,
][] = [
  [
    'alike, in no order',
    () => ({a: dense(), b: dense()}),
    undefined,
    [stored('own/dense/kernel', 1), stored('own/dense_1/kernel', 2)],
    'Own layer "own": the file has weights of several layers like its Dense with kernel [2,2], and an .h5 ' +
      'file does not say in which attribute of the class each was. Say in which order the class in Python ' +
      "makes its layers, by a static property of your class: static innerLayers = ['a', 'b'].",
  ],
  [
    'alike, in a dict',
    () => ({blocks: {first: dense(), second: dense()}}),
    undefined,
    [stored('own/dense/kernel', 1), stored('own/dense_1/kernel', 2)],
    "static innerLayers = ['blocks'].",
  ],
  [
    'alike, in another order than that of Keras',
    () => ({a: dense({useBias: true}), b: dense({useBias: true})}),
    ['a', 'b'],
    ['dense', 'dense_1'].flatMap((name) => [
      stored(`own/${name}/bias`, 1, [2]),
      stored(`own/${name}/kernel`, 2),
    ]),
    'Own layer "own": the file has weights of several layers like its Dense with kernel [2,2], bias [2], ' +
      "in another order than Keras's.",
  ],
  [
    'of another shape',
    () => ({a: dense()}),
    undefined,
    [stored('own/dense/kernel', 1, [3, 3])],
    'Own layer "own": the file has no weights for its Dense with kernel [2,2]. It has some under ' +
      '"own/dense", "own", "".',
  ],
  [
    'fewer',
    () => ({a: dense(), b: dense()}),
    ['a', 'b'],
    [stored('own/dense/kernel', 1)],
    'Own layer "own" has 2 weights, but the file 1 for it.',
  ],
  [
    'more, of a layer that is not there',
    () => ({a: dense()}),
    undefined,
    [stored('own/dense/kernel', 1), stored('other/kernel', 2)],
    'the layers have 1 weights, but the file 2.',
  ],
  [
    'of an attribute that is not there',
    () => ({a: dense()}),
    undefined,
    [path('c/vars/0', 1)],
    'Own layer "own" and the file do not have the same weights, such as layers/own/c/vars/0. The file has ' +
      'some under the names "c" of it; a class of your own needs a property of each of these names, in ' +
      'camelCase, with the layer that has them, built in build(). It has layers under "a".',
  ],
  [
    'of one attribute more',
    () => ({a: dense()}),
    undefined,
    [path('a/vars/0', 1), path('c/vars/0', 1)],
    'do not have the same weights, such as layers/own/c/vars/0.',
  ],
  [
    'of one attribute less',
    () => ({a: dense(), b: dense()}),
    undefined,
    [path('a/vars/0', 1)],
    'Own layer "own" and the file do not have the same weights. The file has some under the names none of it',
  ],
  [
    'of another layer of the model',
    () => ({a: dense()}),
    undefined,
    [path('a/vars/0', 1), stored('layers/other/vars/0', 1)],
    'the file has the weight layers/other/vars/0, but the model has no such layer.',
  ],
  [
    'of the model itself',
    () => ({a: dense()}),
    undefined,
    [path('a/vars/0', 1), stored('vars/0', 1)],
    'the file has the weight vars/0, but the model has no such layer.',
  ],
];

test.each(refused)('refused: %s', async (_, held, inner, weights, message) => {
  const customObjects = {Own: holding(held, inner)};
  expect(await refusal(model(), {weights, customObjects})).toContain(message);
});

describe('layers of the model', () => {
  const named = (name: string) => layer('Dense', {name, units: 2, use_bias: false});
  const two = (a: Json, b: Json) => functional([input([2]), on(a, 'x'), on(b, a.config.name)]);
  const kernels = async (config: Json, weights: Weight[]) => {
    const loaded = await load(config, {weights});
    const found = loaded.layers.slice(1).map((each) => each.getWeights()[0].dataSync()[0]);
    loaded.dispose();
    return found;
  };

  test('by their names, any number of which may be before', async () => {
    const weights = [stored('model/b/kernel', 1), stored('a/inner/kernel', 2)];
    expect(await kernels(two(named('a'), named('b')), weights)).toEqual([2, 1]);
  });

  test('in the order of their names, where names within them are the same', async () => {
    const wrapped = (name: string) => layer('TimeDistributed', {name, layer: named('same')});
    const config = functional([
      input([3, 2]),
      on(wrapped('wrapped_2'), 'x'),
      on(wrapped('wrapped_1'), 'wrapped_2'),
    ]);
    const weights = [stored('same/kernel', 1), stored('same/kernel:0', 2)];
    const loaded = await load(config, {weights});
    const found = loaded.layers.slice(1).map((each) => each.getWeights()[0].dataSync()[0]);
    loaded.dispose();
    expect(found).toEqual([2, 1]);
  });
});
