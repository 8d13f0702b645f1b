/** What both packages of onnxruntime share: a session, its inputs, its output. */
import type {InferenceSession} from 'onnxruntime-web';
import type {Given, Work} from '../types.js';

/** What both packages have. */
type OnnxRuntime = Pick<typeof import('onnxruntime-web'), 'InferenceSession' | 'Tensor'>;

/**
 * Makes a session of a model that is ready to run.
 *
 * @param keepsOutput it writes to the same memory each time, as tfjs recycles what was disposed of;
 *   onnxruntime-web would leave such an output as it was
 */
export async function onnxWork(
  ort: OnnxRuntime,
  model: Uint8Array,
  options: InferenceSession.SessionOptions,
  {
    shape,
    data,
    kind,
    keepsOutput,
  }: Pick<Given, 'shape' | 'data' | 'kind'> & {
    keepsOutput: boolean;
  },
): Promise<Work> {
  const session = await ort.InferenceSession.create(model, options);
  const cols = shape.slice(-1);
  const feeds = {
    x: new ort.Tensor('float32', data.x, shape),
    gamma: new ort.Tensor('float32', data.gamma, cols),
    beta: new ort.Tensor('float32', data.beta, cols),
  };
  const outputs = kind === 'sum' ? ['y', 'sum'] : ['y'];
  if (kind === 'sum') Object.assign(feeds, {residual: new ort.Tensor('float32', data.dy, shape)});
  const output = () => new ort.Tensor('float32', new Float32Array(data.x.length), shape);
  const fetches = keepsOutput
    ? Object.fromEntries(outputs.map((name) => [name, output()]))
    : undefined;
  const run = () => (fetches ? session.run(feeds, fetches) : session.run(feeds));
  return {
    async time(calls) {
      const start = performance.now();
      for (let i = 0; i < calls; i++) await run();
      return (performance.now() - start) / calls;
    },
    async outputs() {
      const results = await run();
      return outputs.map((name) => results[name].data as Float32Array);
    },
    dispose: () => session.release(),
  };
}
