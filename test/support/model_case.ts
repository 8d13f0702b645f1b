/** Small models with what Keras predicts and learns, as `make_layer_models.py` writes them. */
import type * as tfjs from '@tensorflow/tfjs';

export type Stored = [shape: number[], values: number[]];

export interface ModelCase {
  name: string;
  config: object;
  weights: [name: string, shape: number[], values: number[]][];
  xs: Stored[];
  dtype: 'float32' | 'int32';
  ys: Stored[];
  /** What it predicts after one step of training. */
  trained?: Stored[];
}

/** The model as the converter would leave it: a topology, and weights by their paths in `.keras`. */
export function artifactsOf({config, weights}: ModelCase): tfjs.io.ModelArtifacts {
  const values = weights.flatMap(([, , each]) => each);
  return {
    modelTopology: {keras_version: '3.15.1', model_config: config},
    weightSpecs: weights.map(([name, shape]) => ({name, shape, dtype: 'float32'})),
    weightData: Float32Array.from(values).buffer,
  };
}

/** What tfjs saves of a model. */
export async function savedAgain(
  tf: {io: typeof tfjs.io},
  model: tfjs.LayersModel,
): Promise<tfjs.io.ModelArtifacts> {
  let found: tfjs.io.ModelArtifacts | undefined;
  await model.save(
    tf.io.withSaveHandler(async (given) => {
      const modelTopology = JSON.parse(JSON.stringify(given.modelTopology));
      found = {...given, modelTopology};
      return {modelArtifactsInfo: {dateSaved: new Date(), modelTopologyType: 'JSON'}};
    }),
  );
  return found as tfjs.io.ModelArtifacts;
}
