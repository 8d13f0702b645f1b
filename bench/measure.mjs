/** Measures all tasks in one environment; the same in Node and in a page. */
import {measureAccuracy} from './work/accuracy.mjs';
import {firstLine, measureLayerNorm} from './work/layer_norm.mjs';
import {measureSlope} from './work/slope.mjs';
import {measureTrainingStep} from './work/training_step.mjs';

/**
 * @param {object} context what contenders work with: `{tf, library, backend, threads, onGpu, limits,
 *     loadOnnxRuntime, countCalls?, python?}`
 * @param {object[]} contenders each `{name, label, kinds, create(context)}`; see `contenders/`
 * @param {object[]} tasks see `work/tasks.mjs`, `numerics.mjs`
 * @param {(note: {done: number, task: object}) => void} onProgress after each task
 * @returns {Promise<{contenders: object[], results: object[]}>}
 */
export async function measure(context, contenders, tasks, onProgress) {
  const described = [];
  const runnable = [];
  for (const {create, ...contender} of contenders) {
    const description = {name: contender.name, label: contender.label};
    described.push(description);
    try {
      const made = await create(context);
      if (made.version) description.version = made.version;
      runnable.push({...contender, made});
    } catch (error) {
      description.reason = firstLine(error);
    }
  }
  const results = [];
  for (const [i, task] of tasks.entries()) {
    results.push({...task, ...(await measureTask(context, runnable, task))});
    onProgress({done: i + 1, task});
  }
  for (const {made} of runnable) await made.dispose?.();
  return {contenders: described, results};
}

const measureRows = {
  layerNorm: measureLayerNorm,
  slope: measureSlope,
  accuracy: measureAccuracy,
};

async function measureTask(context, contenders, task) {
  if (task.type === 'trainingStep') return measureTrainingStep(context, contenders);
  return {rows: await measureRows[task.type](context, contenders, task)};
}
