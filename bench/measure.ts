/** Measures all tasks in one environment; the same in Node and in a page. */

import type {
  Contender,
  Context,
  Described,
  EnvironmentReport,
  Progress,
  Result,
  Runnable,
  Task,
} from './types.js';
import {measureAccuracy} from './work/accuracy.js';
import {measureCosts} from './work/costs.js';
import {measureGraphModel} from './work/graph_model.js';
import {measureKerasModel} from './work/keras_model.js';
import {firstLine, measureLayerNorm} from './work/layer_norm.js';
import {measureSlope} from './work/slope.js';
import {measureTrainingStep} from './work/training_step.js';

/** Gives all the tasks to all the contenders; `onProgress` is called after each task. */
export async function measure(
  context: Context,
  contenders: Contender[],
  tasks: Task[],
  onProgress: (progress: Progress) => void,
): Promise<EnvironmentReport> {
  const described: Described[] = [];
  const runnable: Runnable[] = [];
  for (const {create, ...contender} of contenders) {
    const description: Described = {name: contender.name, label: contender.label};
    described.push(description);
    try {
      const made = await create(context);
      if (made.version) description.version = made.version;
      runnable.push({...contender, made});
    } catch (error) {
      description.reason = firstLine(error);
    }
  }
  const results: Result[] = [];
  for (const [i, task] of tasks.entries()) {
    results.push(await measureTask(context, runnable, task));
    onProgress({done: i + 1, task});
  }
  for (const {made} of runnable) await made.dispose?.();
  return {contenders: described, results};
}

async function measureTask(context: Context, contenders: Runnable[], task: Task): Promise<Result> {
  switch (task.type) {
    case 'layerNorm':
      return {...task, rows: await measureLayerNorm(context, contenders, task)};
    case 'slope':
      return {...task, rows: await measureSlope(context, contenders, task)};
    case 'accuracy':
      return {...task, rows: await measureAccuracy(context, contenders, task)};
    case 'graphModel':
      return measureGraphModel(context, task);
    case 'kerasModel':
      return measureKerasModel(context, task.model);
    case 'costs':
      return {...task, rows: await measureCosts(context, task)};
    case 'trainingStep':
      return {...task, ...(await measureTrainingStep(context, contenders))};
  }
}
