/** Runs one model of Keras with this package's loader and with LiteRT.js, and times them in turn. */
import {errorsOf} from '../support/error.js';
import {timeInTurn} from '../support/timing.js';
import type {Context, KerasModelFile, KerasModelResult, Row, Values, Work} from '../types.js';
import {firstLine} from './layer_norm.js';

type Ready = Pick<Work, 'time'> & {output: Values; dispose(): void};

/** Loads and runs the model with each, checks what they give, and times those that ran. */
export async function measureKerasModel(
  context: Context,
  file: KerasModelFile,
): Promise<KerasModelResult> {
  const expected = [floatsOf(file.y.values)];
  const x = floatsOf(file.x.values);
  const rows: Row[] = [];
  const ready: {name: string; row: Row; work: Ready}[] = [];
  for (const [name, prepare] of Object.entries({layer: ours, 'LiteRT.js': liteRt})) {
    const row: Row = {contender: name};
    rows.push(row);
    try {
      const work = await prepare(context, file, x);
      row.error = errorsOf([work.output], expected, x.length)[0];
      ready.push({name, row, work});
    } catch (error) {
      row.reason = firstLine(error);
    }
  }
  const times = await timeInTurn(ready, context.limits);
  for (const {name, row, work} of ready) {
    Object.assign(row, times.get(name));
    work.dispose();
  }
  const {name, source} = file;
  return {type: 'kerasModel', name, source, shape: file.x.shape, rows};
}

async function ours(
  {tf, loadKerasModel}: Context,
  {keras, x: {shape}}: KerasModelFile,
  values: Values,
): Promise<Ready> {
  const model = await loadKerasModel(bytesOf(keras), {compile: false});
  const run = async () => {
    const x = tf.tensor(values, shape);
    const y = model.predict(x, {batchSize: shape[0]}) as ReturnType<typeof tf.tensor>;
    const output = (await y.data()) as Values;
    tf.dispose([x, y]);
    return output;
  };
  return {output: await run(), time: timer(run), dispose: () => void model.dispose()};
}

async function liteRt(
  {loadLiteRt, threads}: Context,
  {tflite, x: {shape}}: KerasModelFile,
  values: Values,
): Promise<Ready> {
  if (!loadLiteRt) throw new Error('LiteRT.js runs in browsers alone.');
  const {Tensor, loadAndCompile} = await loadLiteRt();
  const model = await loadAndCompile(bytesOf(tflite), {
    accelerator: 'wasm',
    cpuOptions: {numThreads: threads},
  });
  const run = async () => {
    const x = new Tensor(values, shape);
    const [y] = await model.run(x);
    const output = Float32Array.from(await y.data());
    x.delete();
    y.delete();
    return output;
  };
  return {output: await run(), time: timer(run), dispose: () => model.delete()};
}

/** An application has numbers and wants numbers: both ways are part of the time. */
function timer(run: () => Promise<Values>): Work['time'] {
  return async (calls) => {
    const start = performance.now();
    for (let i = 0; i < calls; i++) await run();
    return (performance.now() - start) / calls;
  };
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
}

const floatsOf = (base64: string): Values => new Float32Array(bytesOf(base64).buffer);
