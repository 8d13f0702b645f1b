/** Operations between layers give the values and gradients of Keras, and stay what they are when saved. */
import {loadKerasModel} from '../../../src/keras/index.js';
import {tf} from '../../backends/current.js';
import {
  type FixtureTensor,
  type OperationCase,
  type OperationFixture,
  operationFixtures,
  unpack,
} from '../../fixtures/keras_operations/index.js';
import {maxError} from '../../support/close.js';

type Model = Awaited<ReturnType<typeof loadKerasModel>>;

const numbers = (values: FixtureTensor['values']) => values.map(Number);

function load({config, keras}: OperationCase): Promise<Model> {
  return loadKerasModel(
    tf.io.fromMemory({
      modelTopology: {keras_version: keras, model_config: config},
      weightSpecs: [],
      weightData: new ArrayBuffer(0),
    }),
  );
}

function inputsOf({inputs}: OperationFixture, names: string[]): tf.Tensor[] {
  return names.map((name) => {
    const {values, shape, dtype} = inputs[name];
    return tf.tensor(numbers(values), shape, dtype);
  });
}

const predicted = (model: Model, xs: tf.Tensor[]) =>
  [model.predict(xs.length === 1 ? xs[0] : xs)].flat();

/** What is wrong with an output; undefined if nothing is. */
function fault(y: tf.Tensor, expected: FixtureTensor): string | undefined {
  if (String(y.shape) !== String(expected.shape)) return `shape [${y.shape}]`;
  if (y.dtype !== expected.dtype) return `dtype ${y.dtype}`;
  const error = maxError(y.dataSync(), numbers(expected.values));
  return error <= 1e-5 ? undefined : `off by ${error}`;
}

/** The gradients of the sum of all y·cos(k) in the inputs that are floats. */
function gradients(model: Model, xs: tf.Tensor[]): tf.Tensor[] {
  return tf.grads((...given) => {
    const ys = [model.apply(given.length === 1 ? given[0] : given)].flat() as tf.Tensor[];
    const sums = ys
      .filter(({dtype}) => dtype === 'float32')
      .map((y) => {
        const weight = Float32Array.from({length: y.size}, (_, k) => Math.cos(k));
        return tf.sum(tf.mul(y, tf.tensor(weight, y.shape)));
      });
    return tf.addN(sums) as tf.Scalar;
  })(xs);
}

async function check(fixture: OperationFixture, each: OperationCase): Promise<string[]> {
  const model = await load(each);
  const xs = inputsOf(fixture, each.inputs);
  const faults: string[] = [];
  tf.tidy(() => {
    model.outputs.forEach(({shape}, i) => {
      const known = each.shapes[i];
      const isSo = shape.every((size, axis) => {
        const actual = each.ys[i].shape[axis];
        // Keras itself has the shapes of a few wrong.
        return size === null ? known[axis] === null || known[axis] !== actual : size === actual;
      });
      if (!isSo || shape.length !== each.ys[i].shape.length) faults.push(`the shape [${shape}]`);
    });
    predicted(model, xs).forEach((y, i) => {
      const found = fault(y, each.ys[i]);
      if (found) faults.push(`output ${i}: ${found}`);
    });
    const all = each.dxs.every((dx) => dx !== null);
    if (!all || !each.dxs.length) return;
    gradients(model, xs).forEach((dx, i) => {
      const error = maxError(dx.dataSync(), numbers(each.dxs[i] ?? []));
      if (!(error <= 2e-5)) faults.push(`gradient ${i}: off by ${error}`);
    });
  });
  tf.dispose(xs);
  model.dispose();
  return faults;
}

async function checkSaved(fixture: OperationFixture, each: OperationCase): Promise<string[]> {
  const model = await load(each);
  let topology: object = {};
  await model.save(
    tf.io.withSaveHandler(async ({modelTopology}) => {
      topology = JSON.parse(JSON.stringify(modelTopology));
      return {modelArtifactsInfo: {dateSaved: new Date(), modelTopologyType: 'JSON'}};
    }),
  );
  const again = await tf.loadLayersModel(
    tf.io.fromMemory({modelTopology: topology, weightSpecs: [], weightData: new ArrayBuffer(0)}),
  );
  return tf.tidy(() => {
    const ys = predicted(again, inputsOf(fixture, each.inputs));
    return ys.flatMap((y, i) => fault(y, each.ys[i]) ?? []);
  });
}

/** The cases at which a check finds something, with what it finds, and the number of cases. */
async function failures(
  fixture: OperationFixture,
  find: (fixture: OperationFixture, each: OperationCase) => Promise<string[]>,
): Promise<Record<string, string[]>> {
  const failed: Record<string, string[]> = {};
  for (const each of fixture.cases) {
    const faults = await find(fixture, each).catch((error: Error) => [error.message]);
    if (faults.length) failed[each.name] = faults;
  }
  return failed;
}

describe.each(operationFixtures)('the operations of $source', (packed) => {
  test('have its values, shapes, dtypes and gradients, and leave no tensor', async () => {
    const fixture = await unpack(packed);
    const before = tf.memory().numTensors;
    expect(await failures(fixture, check)).toEqual({});
    expect(tf.memory().numTensors).toBe(before);
  }, 600_000);

  test('are the same when tfjs has saved and loaded them', async () => {
    expect(await failures(await unpack(packed), checkSaved)).toEqual({});
  }, 600_000);
});
