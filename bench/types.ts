/** The words that the files of the benchmark share. */
import type {io} from '@tensorflow/tfjs-core';
import type {Backend} from '../tools/backends.mjs';

export type Tfjs = typeof import('@tensorflow/tfjs');
export type Library = typeof import('../src/index.js');

/**
 * The forward pass alone; forward and backward together; or an addition before the forward pass, of dy,
 * which then is a residual.
 */
export type Kind = 'forward' | 'backward' | 'sum';

/** Numbers of a tensor. */
export type Values = Float32Array<ArrayBuffer>;

/** What is normalised, x row-major, and the gradient of the result, dy. */
export interface Data {
  x: Values;
  dy: Values;
  gamma: Values;
  beta: Values;
}

/** How much time may be spent; `support/timing.ts` says what each is. */
export interface Limits {
  rounds: number;
  budgetMs: number;
  capMs: number;
  sampleMs: number;
  maxCalls: number;
}

/** A process with one backend and so many threads, in which contenders take turns. */
export interface Environment {
  name: string;
  backend: Backend;
  threads: number;
  host: 'node' | 'page';
  /** The steps of the set-up that it needs. */
  steps: string[];
  env: Record<string, string>;
}

export interface LayerNormTask {
  type: 'layerNorm';
  shape: number[];
  kind: Kind;
  /** Default true. */
  checksValues?: boolean;
}

export interface SlopeTask {
  type: 'slope';
  grows: string;
  shapes: number[][];
  kind: Kind;
}

export interface TrainingStepTask {
  type: 'trainingStep';
}

export interface AccuracyTask {
  type: 'accuracy';
  /** Which of `work/rows.ts`. */
  name: string;
}

/** Whose `loadGraphModel`: this package's, or that of tfjs itself. */
export type GraphContender = 'ours' | 'stock';

/** A graph model with an input, and with what its maker gives for it. */
export interface GraphModelFile {
  name: string;
  /** Who computed y, with the version. */
  source: string;
  modelTopology: object;
  signature: object;
  weightSpecs: io.WeightsManifestEntry[];
  /** Base64 */
  weights: string;
  x: {shape: number[]; dtype: string; values: number[]};
  y: {shape: number[]; dtype: string; values: number[]};
}

export interface GraphModelTask {
  type: 'graphModel';
  model: GraphModelFile;
  contenders: GraphContender[];
  /** Whether those that ran are timed, in turn. */
  times: boolean;
}

/** A model of Keras in two formats, with an input and with what Keras predicts; bytes are in base64. */
export interface KerasModelFile {
  name: string;
  /** Who computed y, with the version. */
  source: string;
  x: {shape: number[]; values: string};
  y: {shape: number[]; values: string};
  keras: string;
  tflite: string;
}

export interface KerasModelTask {
  type: 'kerasModel';
  model: KerasModelFile;
}

/** What one layer, or a transformer block with two of them, asks of tfjs. */
export interface CostsTask {
  type: 'costs';
  of: 'layer' | 'block';
  /** [batch, tokens, width] */
  shape: [number, number, number];
}

export type Task =
  | LayerNormTask
  | SlopeTask
  | TrainingStepTask
  | AccuracyTask
  | GraphModelTask
  | KerasModelTask
  | CostsTask;

/** What is sent to the process of an environment, besides the environment. */
export interface Request {
  tasks: Task[];
  limits: Limits;
  peers: string[];
  python?: string;
}

/** How often the GPU is called, and how many bytes that moves. */
export interface GpuCalls {
  calls: number;
  bytes: number;
}

export type GpuCallCounter = (run: () => void) => GpuCalls;

/** What contenders work with. */
export interface Context {
  tf: Tfjs;
  library: Library;
  loadGraphModel: typeof import('../src/graph/index.js').loadGraphModel;
  loadKerasModel: typeof import('../src/keras/index.js').loadKerasModel;
  backend: Backend;
  threads: number;
  onGpu: boolean;
  limits: Limits;
  python?: string;
  /** Who else takes the step of training. */
  peerSteps?: PeerStep[];
  countCalls?: GpuCallCounter;
  loadLiteRt?: () => Promise<LiteRt>;
  loadOnnxRuntime: () => Promise<{ort: typeof import('onnxruntime-web'); provider: string}>;
}

interface LiteRtTensor {
  data(): Promise<Float32Array>;
  delete(): void;
}

/** What is used of LiteRT.js, whose own types change those of Float32Array everywhere. */
export interface LiteRt {
  Tensor: new (values: Float32Array, shape: number[]) => LiteRtTensor;
  loadLiteRt(folder: string, options: {threads: boolean}): Promise<unknown>;
  loadAndCompile(
    model: Uint8Array,
    options: {accelerator: 'wasm' | 'webgpu'; cpuOptions: {numThreads: number}},
  ): Promise<{run(x: LiteRtTensor): Promise<LiteRtTensor[]>; delete(): void}>;
}

/** A layer normalisation that is ready to run. */
export interface Work {
  /** The milliseconds of one call, as the mean of `calls`. */
  time(calls: number): Promise<number>;
  /** [y], or [dx, dgamma, dbeta], or [y, sum]. */
  outputs(): Promise<ArrayLike<number>[]>;
  countCalls?(counter: GpuCallCounter): Promise<GpuCalls>;
  dispose(): unknown;
}

/** A framework that trains the encoder of `work/encoder.ts` by itself. */
export interface PeerStep {
  label: string;
  /**
   * @param tensors the weights in the order of the encoder, then the input and the target
   * @throws Error It cannot be had here.
   */
  create(
    context: Pick<Context, 'python' | 'threads'>,
    tensors: {shape: number[]; values: Values}[],
  ): Promise<{time(calls: number): Promise<{ms: number; losses: number[]}>; dispose(): void}>;
}

/** What a contender is to normalise. */
export interface Given {
  shape: number[];
  data: Data;
  kind: Kind;
  epsilon: number;
}

/** A contender in an environment. */
export interface Made {
  version?: string;
  prepare(given: Given): Work | Promise<Work>;
  dispose?(): unknown;
}

export interface Contender {
  name: string;
  label: string;
  /** The name by which --peers leaves it out; none where it is always measured. */
  peer?: string;
  kinds: Kind[];
  /** Whether its cost grows faster than its input. */
  growth?: boolean;
  /** Default true. */
  normalizes?: boolean;
  /** Throws where it cannot be had here. */
  create(context: Context): Made | Promise<Made>;
}

export type Runnable = Omit<Contender, 'create'> & {made: Made};

/** A median with its quartiles, and the samples that were taken. */
export interface Times {
  ms: number;
  low: number;
  high: number;
  runs: number;
}

/** What is known of a contender at a task: its times, or the reason why there are none. */
export interface Row extends Partial<Times> {
  contender: string;
  reason?: string;
  error?: number;
  gpuCalls?: number;
  gpuBytes?: number;
}

export interface SlopeRow {
  contender: string;
  /** For each shape. */
  ms: number[];
  slope?: number;
  reason?: string;
}

/** Errors by output, and by kind of work the reasons why there are none. */
export interface AccuracyRow {
  contender: string;
  errors: Record<string, number>;
  reasons: Partial<Record<Kind, string>>;
}

/** What is known of a graph model with one loader. */
export interface GraphRow extends Partial<Times> {
  contender: GraphContender;
  /** Why it did not load or run. */
  reason?: string;
  error?: number;
}

/** What a call asks for. */
export interface Cost {
  /** Kernels of tfjs that ran. */
  kernels: number;
  /** Draw calls or dispatches; absent where no GPU is used. */
  gpuCalls?: number;
  /** The most bytes of tensors that were there at a time, beyond those before, in units of the input. */
  peak: number;
}

/** A contender's costs, or the reason why some are not known. */
export interface CostRow {
  contender: string;
  forward?: Cost;
  training?: Cost;
  reason?: string;
}

export interface GraphModelResult {
  type: 'graphModel';
  name: string;
  source: string;
  found?: number;
  rows: GraphRow[];
}

export interface KerasModelResult {
  type: 'kerasModel';
  name: string;
  source: string;
  shape: number[];
  rows: Row[];
}

export type Result =
  | KerasModelResult
  | GraphModelResult
  | (LayerNormTask & {rows: Row[]})
  | (SlopeTask & {rows: SlopeRow[]})
  | (TrainingStepTask & {shape: number[]; rows: Row[]})
  | (AccuracyTask & {rows: AccuracyRow[]})
  | (CostsTask & {rows: CostRow[]});

/** A contender as a report names it; `reason`: why it was not measured. */
export interface Described {
  name: string;
  label: string;
  version?: string;
  reason?: string;
}

/** What the process of an environment gives. */
export interface EnvironmentReport {
  contenders: Described[];
  results: Result[];
  isFused?: boolean;
  browser?: string;
}

export interface MeasuredEnvironment extends EnvironmentReport {
  name: string;
  backend: Backend;
  /** Why there are no results. */
  failure?: string;
}

export interface Progress {
  done: number;
  task: Task;
}

/** What the process of an environment sends to its parent. */
export interface Message {
  progress?: Progress;
  report?: EnvironmentReport;
  failure?: string;
}

export interface Report {
  date: string;
  minutes?: number;
  quick?: boolean;
  busy?: boolean;
  machine: Machine;
  environments: MeasuredEnvironment[];
}

export interface Machine {
  cpu: string;
  cores: number;
  vectors: string;
  memoryGiB: number;
  /** The GPU that pages rendered on; absent: they rendered in software. */
  gpu?: string;
  system: string;
  node: string;
  packages: Record<string, string>;
}

/** The results of one type of task. */
export function only<Type extends Task['type']>(results: Result[], type: Type) {
  return results.filter((result): result is Extract<Result, {type: Type}> => result.type === type);
}
