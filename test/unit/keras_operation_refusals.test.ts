/** Arguments of operations that are refused: one model each, with the words that say what is wrong. */
import '../support/quiet_cpu.js';
import * as tf from '@tensorflow/tfjs-core';
import {loadKerasModel} from '../../src/keras/index.js';
import {KerasOperation} from '../../src/keras/operations/keras_operation.js';

type Shape = (number | null)[];
type Options = Record<string, unknown>;

const tensorOf = (name: string, shape: Shape) => ({
  class_name: '__keras_tensor__',
  config: {shape: [null, ...shape], dtype: 'float32', keras_history: [name, 0, 0]},
});

/** What loading a model of one operation says, which takes inputs of these shapes one by one, or as a list. */
async function refusal(
  operation: string,
  options: Options,
  shapes: Shape[],
  asList = false,
): Promise<string> {
  const names = shapes.map((_, i) => `in_${i}`);
  const inputs = names.map((name, i) => ({
    module: 'keras.layers',
    class_name: 'InputLayer',
    config: {name, batch_shape: [null, ...shapes[i]], dtype: 'float32'},
    name,
    inbound_nodes: [],
  }));
  const tensors = names.map((name, i) => tensorOf(name, shapes[i]));
  const called = {
    module: 'keras.src.ops.numpy',
    class_name: operation,
    config: {name: 'op'},
    name: 'op',
    inbound_nodes: [{args: asList ? [tensors] : tensors, kwargs: options}],
  };
  const config = {
    name: 'model',
    layers: [...inputs, called],
    input_layers: names.map((name) => [name, 0, 0]),
    output_layers: [['op', 0, 0]],
  };
  const model_config = {module: 'keras', class_name: 'Functional', config};
  const before = tf.memory().numTensors;
  const message = await loadKerasModel(
    tf.io.fromMemory({
      modelTopology: {keras_version: '3.15.1', model_config},
      weightSpecs: [],
      weightData: new ArrayBuffer(0),
    }),
  ).then(
    () => 'it was loaded',
    (error: Error) => error.message,
  );
  expect(tf.memory().numTensors).toBe(before);
  return message;
}

const x: Shape[] = [[3, 4]];
const slice = (start: unknown, stop: unknown, step: unknown) => ({
  class_name: '__slice__',
  config: {start, stop, step},
});
const ellipsis = {class_name: '__ellipsis__', config: {}};

const cases: [operation: string, options: Options, shapes: Shape[], message: string][] = [
  ['Reshape', {newshape: [2, 1.5]}, x, 'its newshape must be whole numbers, but is [2, 1.5].'],
  ['Reshape', {newshape: 'wide'}, x, 'its newshape must be whole numbers'],
  ['Squeeze', {axis: 1}, x, 'its axis 1 of [,3,4] is not of the size 1.'],
  ['Squeeze', {axis: 3}, x, 'there is no axis 3 in 3 dimensions.'],
  ['Squeeze', {axis: -4}, x, 'there is no axis -4 in 3 dimensions.'],
  ['ExpandDims', {axis: 4}, x, 'there is no axis 4 in 4 dimensions.'],
  ['Transpose', {axes: [0, 1]}, x, 'its axes [0,1] are not those of 3 dimensions.'],
  [
    'Moveaxis',
    {source: [1, 2], destination: [1]},
    x,
    'its source and destination are not as many.',
  ],
  ['Swapaxes', {axis1: 1, axis2: 3}, x, 'there is no axis 3 in 3 dimensions.'],
  ['Split', {indices_or_sections: 3, axis: 2}, x, '4 values cannot be split into 3 alike.'],
  ['Pad', {pad_width: 'wide'}, x, 'its pad_width must be pairs of whole numbers, but is "wide".'],
  ['Pad', {pad_width: [[1, 2, 3]]}, x, 'its pad_width must be pairs of whole numbers'],
  [
    'Pad',
    {
      pad_width: [
        [0, 0],
        [0, 1.5],
        [0, 0],
      ],
    },
    x,
    'its pad_width must be pairs of whole numbers',
  ],
  [
    'Pad',
    {
      pad_width: [
        [0, 0],
        [1, 1],
      ],
    },
    x,
    'its pad_width [[0, 0], [1, 1]] is not for 3 dimensions.',
  ],
  ['Pad', {pad_width: 1, mode: 'wrap'}, x, 'there is no mode wrap of padding in Keras.'],
  ['Rot90', {k: 2, axes: [1, 2]}, x, 'half a turn of what is not square is another in Keras'],
  ['Trace', {}, [[]], 'there is no axis 1 in 1 dimensions.'],
  ['Sum', {axis: 3}, x, 'there is no axis 3 in 3 dimensions.'],
  ['Sum', {axis: [1, 1]}, x, 'an axis is twice in its axis.'],
  ['Sum', {axis: 1.5}, x, 'its axis must be whole numbers that the file holds, but is 1.5.'],
  ['Sum', {axis: 1, keepdims: 'yes'}, x, 'its keepdims must be true or false, but is "yes".'],
  ['Sum', {axis: 1, keepdims: 2}, x, 'its keepdims must be true or false, but is 2.'],
  ['Sum', {axes: 1}, x, 'has no argument axes: it takes x, axis=None, keepdims=False.'],
  ['Median', {axis: 3}, x, 'there is no axis 3 in 3 dimensions.'],
  ['Quantile', {q: 'half'}, x, 'its q must be numbers that the file holds.'],
  [
    'Percentile',
    {q: 50, method: 'closest'},
    x,
    'there is no method closest of percentiles in Keras.',
  ],
  ['Add', {}, x, 'lacks its argument x2.'],
  ['Add', {x2: 'one'}, x, 'its x2 must be a tensor, but is "one".'],
  [
    'Add',
    {},
    [
      [3, 4],
      [3, 5],
    ],
    'the shapes [,3,4] and [,3,5] do not fit.',
  ],
  [
    'Add',
    {},
    [
      [3, 4],
      [3, 4],
      [3, 4],
    ],
    'is given 3 values, more than x1, x2 takes.',
  ],
  [
    'Matmul',
    {},
    [
      [3, 4],
      [3, 4],
    ],
    'the shapes [,3,4] and [,3,4] do not fit.',
  ],
  [
    'Tensordot',
    {axes: [[1, 2], [1]]},
    [
      [3, 4],
      [3, 4],
    ],
    'its axes are not as many.',
  ],
  [
    'Cross',
    {},
    [[null], [null]],
    'it must be known of how many numbers its vectors are: two or three.',
  ],
  ['Norm', {ord: 3, axis: [1, 2]}, x, 'tfjs cannot compute its norm ord = 3 over 2 dimensions.'],
  ['Norm', {ord: 'wide', axis: 1}, x, 'tfjs cannot compute its norm ord = wide over 1 dimensions.'],
  ['Correlate', {mode: 'round'}, [[], []], 'tfjs cannot do its mode round.'],
  ['GetItem', {key: [0, 0, 0, 0]}, x, '[0, 0, 0, 0] has too many places for 3 dimensions.'],
  ['GetItem', {key: [ellipsis, 0, ellipsis]}, x, 'has too many places for 3 dimensions.'],
  ['GetItem', {key: [0, 1.5]}, x, 'a place in it must be a whole number, but is 1.5.'],
  ['GetItem', {key: [slice(null, null, 0)]}, x, 'the step of a slice is 0.'],
  ['GetItem', {key: {class_name: 'Mine', config: {}}}, x, 'is called with'],
  ['Unstack', {}, x, 'how many tensors it gives is not known: num is missing.'],
  ['Unstack', {num: 1.5}, x, 'its num must be a whole number, but is 1.5.'],
  ['OneHot', {num_classes: 'four'}, x, 'its num_classes must be a number, but is "four".'],
  ['OneHot', {num_classes: 4, dtype: 'text'}, x, 'there is no dtype text in tfjs'],
  ['OneHot', {num_classes: 4, dtype: 3}, x, 'its dtype must be a name, but is 3.'],
  ['Slice', {start_indices: [0, 0, 0], shape: [1, 1]}, x, 'its shape [1,1] is not of 3 sizes.'],
  [
    'DotProductAttention',
    {attn_logits_soft_cap: 2},
    [
      [2, 1, 4],
      [2, 1, 4],
      [2, 1, 4],
    ],
    'does not know its attn_logits_soft_cap.',
  ],
  ['Softmax', {axis: 5}, x, 'there is no axis 5 in 3 dimensions.'],
  [
    'Resize',
    {size: [2, 2], interpolation: 'round'},
    [[4, 4, 1]],
    'its interpolation round is none of',
  ],
  ['Linspace', {stop: 1, retstep: true}, x, 'its retstep gives a number beside the tensor.'],
  [
    'SegmentSum',
    {},
    [[], []],
    'how many segments there are is not known: num_segments is missing.',
  ],
  ['SearchSorted', {}, [[3], [3]], 'its sorted_sequence must have one dimension.'],
  ['Argpartition', {kth: 1}, x, 'gives other places in Keras for each backend'],
  ['Linspace', {stop: 1, dtype: 'text'}, x, 'there is no dtype text in tfjs'],
  ['Logspace', {stop: 1, dtype: 'int32'}, x, 'its dtype must be one of floats, but is int32.'],
  ['Geomspace', {stop: 1, dtype: 'int8'}, x, 'its dtype must be one of floats, but is int8.'],
  ['Glu', {}, [[3]], '3 values are not two halves.'],
  ['Tril', {}, [[]], 'its x [] is no matrix.'],
  ['Diag', {}, x, 'its x [,3,4] is no vector and no matrix.'],
  ['Matmul', {x2: 1}, x, 'a number is no matrix.'],
  ['Einsum', {subscripts: 'bij,bjk->bik'}, x, 'are not for'],
  ['MaxPool', {pool_size: 9, strides: 1, padding: 'valid'}, [[4, 4, 1]], 'its windows are larger'],
  [
    'MaxPool',
    {pool_size: 2, strides: 1, padding: 'full'},
    [[4, 4, 1]],
    'its padding full is unknown',
  ],
  ['DepthToSpace', {block_size: 2}, [[4, 4, 3]], '3 channels are not blocks of 2 × 2.'],
  ['SpaceToDepth', {block_size: 3}, [[4, 4, 1]], '4 places are not blocks of 3.'],
  [
    'SparseCategoricalCrossentropy',
    {axis: 1, from_logits: true},
    [[3], [3, 4]],
    'must be the last',
  ],
  [
    'STFT',
    {sequence_length: 4, sequence_stride: 2, fft_length: 4, window: 'kaiser'},
    [[12]],
    'its window must be hann, hamming or none.',
  ],
  [
    'Conv',
    {strides: 1, padding: 'valid'},
    [
      [4, 4, 3],
      [2, 2, 2, 5],
    ],
    'does not fit',
  ],
  ['ScatterUpdate', {indices: [[0]], updates: [1], reduction: 'mul'}, [[]], 'reduction'],
  [
    'Resize',
    {size: [2, 2], pad_to_aspect_ratio: true, fill_mode: 'reflect'},
    [[4, 4, 1]],
    'its fill_mode must be constant.',
  ],
  ['FFT', {}, [[4]], 'must be a pair of tensors'],
  ['Cumsum', {dtype: 'text'}, x, 'there is no dtype text in tfjs'],
  ['Prod', {dtype: 'text'}, x, 'there is no dtype text in tfjs'],
  ['ZerosLike', {dtype: 'text'}, x, 'there is no dtype text in tfjs'],
  ['FullLike', {fill_value: 1, dtype: 'text'}, x, 'there is no dtype text in tfjs'],
  ['Cast', {dtype: 'text'}, x, 'there is no dtype text in tfjs'],
  ['MultiHot', {num_classes: 3, dtype: 'text'}, x, 'there is no dtype text in tfjs'],
  ['SaturateCast', {dtype: 'text'}, x, 'there is no dtype text in tfjs'],
  ['Logspace', {stop: 1, dtype: 'text'}, x, 'there is no dtype text in tfjs'],
  [
    'Where',
    {},
    x,
    'without x1 and x2 it gives as many numbers as the values say, which no layer can.',
  ],
  ['Where', {x1: 1}, x, 'without x1 and x2 it gives as many numbers as the values say'],
  ['Where', {x2: 1}, x, 'without x1 and x2 it gives as many numbers as the values say'],
  ['BroadcastTo', {shape: [2, 3, 5]}, x, 'the shapes [,3,4] and [2,3,5] do not fit.'],
  ['Add', {x2: [[1, 2], [3]]}, x, 'a constant must be numbers in lists of one length.'],
  ['Add', {x2: ['one']}, x, 'a constant must be numbers in lists of one length.'],
  ['Add', {x2: [tensorOf('in_0', [3, 4]), 1]}, x, 'its x2 mixes tensors and numbers in a list.'],
  ['Add', {x2: [[1, tensorOf('in_0', [3, 4])]]}, x, 'its x2 mixes tensors and numbers in a list.'],
  ['GetItem', {key: ['a']}, x, 'a place in it must be a whole number, but is "a".'],
  ['GetItem', {key: [0, 3]}, x, 'there is no axis 3 in 3 dimensions.'],
  ['GetItem', {key: [0, -4]}, x, 'there is no axis -4 in 3 dimensions.'],
  [
    'GetItem',
    {key: [slice(0.5, null, null)]},
    x,
    'a place in it must be a whole number, but is 0.5.',
  ],
  [
    'GetItem',
    {key: [slice(null, 'a', null)]},
    x,
    'a place in it must be a whole number, but is "a".',
  ],
  ['GetItem', {key: [0, slice(null, 0.5, null)]}, x, 'a place in it must be a whole number, but'],
  ['GetItem', {key: [0, slice(null, null, 0)]}, x, 'the step of a slice is 0.'],
  [
    'GetItem',
    {key: [slice(1, 2, null), tensorOf('in_0', [3, 4]), [1], 'a']},
    x,
    '[a slice, a tensor [,3,4], [1], "a"] has too many places for 3 dimensions.',
  ],
  ['GetItem', {key: [null, 0, 0, 0, 0]}, x, 'has too many places for 3 dimensions.'],
  [
    'Slice',
    {start_indices: tensorOf('in_0', [3, 4]), shape: [1, 1, 1]},
    x,
    'its start_indices must be numbers that the file holds.',
  ],
  [
    'SliceUpdate',
    {start_indices: 'first', updates: 1},
    x,
    'its start_indices must be numbers that the file holds.',
  ],
  ['OneHot', {num_classes: 4, axis: 4}, x, 'there is no axis 4 in 4 dimensions.'],
  ['OneHot', {num_classes: [4, 5]}, x, 'its num_classes must be a number, but is [4, 5].'],
  ['Norm', {axis: [0, 1, 2], ord: 2}, x, 'tfjs cannot compute its norm ord = 2 over 3 dimensions.'],
  ['Norm', {axis: [1, 2], ord: 2}, x, 'tfjs cannot compute its norm ord = 2 over 2 dimensions.'],
  [
    'Norm',
    {axis: [1, 2], ord: 'nuc'},
    x,
    'tfjs cannot compute its norm ord = nuc over 2 dimensions.',
  ],
  [
    'PSNR',
    {max_val: 1},
    [
      [3, 4],
      [3, 5],
    ],
    'the shapes [,3,4] and [,3,5] do not fit.',
  ],
  ['PSNR', {max_val: 1}, [[3, 4], [3]], 'the shapes [,3,4] and [,3] do not fit.'],
  [
    'BinaryCrossentropy',
    {},
    [
      [3, 4],
      [2, 4],
    ],
    'the shapes [,2,4] and [,3,4] do not fit.',
  ],
  ['Cross', {}, [[4], [4]], 'it must be known of how many numbers its vectors are: two or three.'],
  ['Einsum', {subscripts: 'bij->bik'}, x, "its subscripts 'bij->bik' have no 'k' on the left."],
  ['Einsum', {subscripts: 'bi->b'}, x, "its subscripts 'bi->b' do not fit 3 dimensions."],
  ['Einsum', {subscripts: 'b?j->b'}, x, "its subscripts 'b?j->b' do not fit 3 dimensions."],
  [
    'Einsum',
    {subscripts: 'bij,bij->b'},
    [
      [3, 4],
      [5, 4],
    ],
    "its 'i' is 3 and 5.",
  ],
  ['Matmul', {x2: 1}, x, 'a number is no matrix.'],
  [
    'Pad',
    {
      pad_width: [
        [0, 0],
        [3, 0],
        [0, 0],
      ],
      mode: 'reflect',
    },
    x,
    'its pad_width [3, 0] is more than 3 values can be mirrored to.',
  ],
  [
    'Pad',
    {
      pad_width: [
        [0, 0],
        [0, 0],
        [0, 5],
      ],
      mode: 'symmetric',
    },
    x,
    'its pad_width [0, 5] is more than 4 values can be mirrored to.',
  ],
  ['MaxPool', {pool_size: 5, strides: 1}, [[4, 4, 1]], 'its windows are larger than [,4,4,1].'],
  ['Mystery', {}, x, 'is not known here. In Python, put it into a layer of your own'],
  ['toString', {}, x, 'toString'],
];

test.each(cases)('%s %j of %j', async (operation, options, shapes, message) => {
  const text = await refusal(operation, options, shapes);
  expect(text).toContain(message);
  expect(text).toMatch(new RegExp(`^loadKerasModel: .*${operation}`));
});

const joined: typeof cases = [
  [
    'Concatenate',
    {axis: 1},
    [
      [3, 4],
      [3, 5],
    ],
    'the shapes [,3,4] and [,3,5] do not fit.',
  ],
  [
    'Concatenate',
    {axis: 1},
    [
      [3, 4],
      [3, 4, 1],
    ],
    'the shapes [,3,4] and [,3,4,1] do not fit.',
  ],
  [
    'Concatenate',
    {axis: 3},
    [
      [3, 4],
      [3, 4],
    ],
    'there is no axis 3 in 3 dimensions.',
  ],
  [
    'Stack',
    {axis: 1},
    [
      [3, 4],
      [3, 5],
    ],
    'the shapes [,1,3,4] and [,1,3,5] do not fit.',
  ],
  [
    'Vstack',
    {},
    [
      [3, 4],
      [3, 5],
    ],
    'do not fit.',
  ],
];

test.each(joined)('%s %j of a list of %j', async (operation, options, shapes, message) => {
  expect(await refusal(operation, options, shapes, true)).toContain(message);
});

describe('an operation by itself', () => {
  const made = (expression: object) =>
    new KerasOperation({name: 'op', expression: {name: JSON.stringify(expression)}});
  const sum = (...tensors: number[]) => ({
    operation: 'Add',
    arguments: {x1: {tensor: tensors[0]}, x2: {tensor: tensors[1]}},
    dtypes: [null, null],
  });

  test.each(['Mystery', 'toString'])('%s is none', (operation) => {
    expect(() => made({...sum(0, 1), operation})).toThrow(
      `KerasOperation: there is no operation ${operation}.`,
    );
  });

  test('needs as many tensors as it was saved with', () => {
    const x = tf.ones([2]);
    expect(made(sum(0, 0)).call(x)).toBeInstanceOf(tf.Tensor);
    expect(() => made(sum(0, 1)).call(x)).toThrow(
      'is given 1 tensors, fewer than it was saved with.',
    );
    expect(() => made(sum(0, 2)).computeOutputShape([[2], [2]])).toThrow(
      'the operation Add: is given 2 tensors, fewer than it was saved with.',
    );
  });

  test('hands no mask on, and is made again of its config', () => {
    const operation = made(sum(0, 1));
    expect(operation.computeMask()).toBeNull();
    const again = new KerasOperation(operation.getConfig() as never);
    expect(again.operationName).toBe('Add');
    expect(again.getConfig()).toEqual(operation.getConfig());
  });
});
