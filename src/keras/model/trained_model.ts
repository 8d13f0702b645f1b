/** The parts of tfjs's class of models that train, which its types keep to itself. */
import type * as tf from '@tensorflow/tfjs-core';
import type {LayersModel, layers, SymbolicTensor} from '@tensorflow/tfjs-layers';

/** Targets [batch, …] and outputs of the same shape → the loss of each example, or of each step. */
export type Loss = (target: tf.Tensor, output: tf.Tensor) => tf.Tensor;

/** A training or a test step: from inputs and targets to losses and metrics. */
type Step = (data: tf.Tensor[]) => tf.Scalar[];

export interface TrainedModel {
  /** The names of the losses that it was compiled with, one an output. */
  loss: string[];
  lossFunctions: Loss[];
  metricsTensors: [metric: Loss, output: number][];
  outputs: SymbolicTensor[];
  testFunction: Step;
  calculateLosses(): tf.Scalar[];
  makeTrainFunction(): Step;
  makeTestFunction(): void;
}

/** The model that trains: a Sequential has a functional model in it that does so in its place. */
export function trainedModel(compiled: LayersModel): TrainedModel & layers.Layer {
  const trained: unknown = (compiled as {model?: LayersModel}).model ?? compiled;
  return trained as TrainedModel & layers.Layer;
}

/** Has `change` make another one of each test step. */
export function changeTests(model: TrainedModel, change: (step: Step) => Step): void {
  const {makeTestFunction} = model;
  model.makeTestFunction = () => {
    makeTestFunction.call(model);
    model.testFunction = change(model.testFunction);
  };
}

/** Has `change` make another one of each training step. */
export function changeTraining(model: TrainedModel, change: (step: Step) => Step): void {
  const {makeTrainFunction} = model;
  model.makeTrainFunction = () => change(makeTrainFunction.call(model));
}
