/** Runs one graph model with this package's loader and with tfjs's own, and compares what they give. */
import type {io, Tensor} from '@tensorflow/tfjs';
import {errorsOf} from '../support/error.js';
import {type TimedContender, timeInTurn} from '../support/timing.js';
import type {
  Context,
  GraphContender,
  GraphModelFile,
  GraphModelResult,
  GraphModelTask,
  GraphRow,
  Tfjs,
} from '../types.js';
import {firstLine} from './layer_norm.js';

/** Loads and runs the model with each contender; and times those that ran, where the task says so. */
export async function measureGraphModel(
  context: Context,
  {model: file, contenders, times}: GraphModelTask,
): Promise<GraphModelResult> {
  const {tf} = context;
  const report: GraphModelResult = {
    type: 'graphModel',
    name: file.name,
    source: file.source,
    rows: [],
  };
  const x = tf.tensor(file.x.values, file.x.shape, file.x.dtype as 'float32');
  const ready: (TimedContender & {row: GraphRow; dispose(): void})[] = [];
  for (const name of contenders) {
    const row: GraphRow = {contender: name};
    report.rows.push(row);
    try {
      const model = await load(context, name, file);
      if (name === 'ours') report.found = foundIn(model);
      const run = runner(model, x);
      const y = await run();
      row.error = await errorOf(y, file);
      y.dispose();
      ready.push({
        name,
        row,
        work: {time: (calls) => timeOf(run, calls)},
        dispose: () => model.dispose(),
      });
    } catch (error) {
      row.reason = firstLine(error);
    }
  }
  const measured = times ? await timeInTurn(ready, context.limits) : undefined;
  for (const {name, row, dispose} of ready) {
    Object.assign(row, measured?.get(name));
    dispose();
  }
  x.dispose();
  return report;
}

type Model = Awaited<ReturnType<Tfjs['loadGraphModel']>>;

function load(
  {tf, loadGraphModel}: Context,
  name: GraphContender,
  {modelTopology, signature, weightSpecs, weights}: GraphModelFile,
): Promise<Model> {
  const weightData = Uint8Array.from(atob(weights), (char) => char.charCodeAt(0)).buffer;
  const artifacts: io.ModelArtifacts = {modelTopology, signature, weightSpecs, weightData};
  return name === 'ours'
    ? (loadGraphModel(tf.io.fromMemory(artifacts)) as Promise<Model>)
    : tf.loadGraphModel(tf.io.fromMemory(artifacts));
}

function foundIn({metadata}: Model): number {
  return (metadata as unknown as {layerNorm: {fused: number}}).layerNorm.fused;
}

/** Models with branches run asynchronously alone. */
function runner(model: Model, x: Tensor): () => Promise<Tensor> {
  let hasBranches = false;
  return async () => {
    if (!hasBranches) {
      try {
        return model.execute(x) as Tensor;
      } catch (error) {
        hasBranches = /executeAsync/.test(String(error));
        if (!hasBranches) throw error;
      }
    }
    return (await model.executeAsync(x)) as Tensor;
  };
}

async function timeOf(run: () => Promise<Tensor>, calls: number): Promise<number> {
  const start = performance.now();
  for (let i = 0; i < calls; i++) {
    const y = await run();
    if (i === calls - 1) await y.data(); // It waits for all the calls before.
    y.dispose();
  }
  return (performance.now() - start) / calls;
}

/** The largest difference, relative to the largest value that was expected. */
async function errorOf(y: Tensor, {y: expected}: GraphModelFile): Promise<number> {
  if (String(y.shape) !== String(expected.shape)) {
    throw new Error(`It gives the shape [${y.shape}], not [${expected.shape}].`);
  }
  return errorsOf([await y.data()], [expected.values], expected.values.length)[0];
}
