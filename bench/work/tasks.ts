/** What `npm run bench` measures in an environment. */
import type {Kind, LayerNormTask, Limits, SlopeTask, Task} from '../types.js';

const SHAPES = [
  [8, 64],
  [32, 128, 256],
  [8, 512, 768],
  [4096, 1024],
  [64, 8192],
  [4, 262_144],
];
const QUICK_SHAPES = [
  [8, 64],
  [32, 128, 256],
  [8, 512, 768],
];

/** One grows and the other stays: the cost should grow alike. */
const SLOPES = [
  {grows: 'rows', shapes: [256, 512, 1024, 2048].map((rows) => [rows, 512])},
  {grows: 'cols', shapes: [512, 1024, 2048, 4096].map((cols) => [256, cols])},
];

/** The tasks of a run: all of them unless shapes are named, or the run is to be quick. */
export function tasksFor({shapes, quick}: {shapes?: number[][]; quick: boolean}): Task[] {
  const kinds: Kind[] = ['forward', 'backward'];
  const tasks = (shapes ?? (quick ? QUICK_SHAPES : SHAPES)).flatMap((shape) =>
    [...kinds, 'sum' as const].map((kind): LayerNormTask => ({type: 'layerNorm', shape, kind})),
  );
  if (shapes || quick) return tasks;
  const slopes = SLOPES.flatMap((slope) =>
    kinds.map((kind): SlopeTask => ({type: 'slope', ...slope, kind})),
  );
  return [...tasks, ...slopes, {type: 'trainingStep'}];
}

/**
 * How much time to spend. A GPU works through a queue, and a read waits for its end, which alone
 * takes milliseconds: there a sample is several calls and one read, as in a model of several layers.
 */
export function limitsFor({quick, onGpu}: {quick: boolean; onGpu: boolean}): Limits {
  return {
    rounds: quick ? 7 : 15,
    budgetMs: quick ? 1000 : 2000,
    capMs: quick ? 5000 : 20_000,
    ...(onGpu ? {sampleMs: 50, maxCalls: 16} : {sampleMs: 10, maxCalls: 1000}),
  };
}
