/** The process of an environment in Node. Its parent sends what to measure, and gets the numbers. */
import Module from 'node:module';
import {copy} from './contenders/copy.js';
import {builtIn, ours} from './contenders/layers.js';
import {onnxRuntimeNode} from './contenders/onnxruntime_node.js';
import {onnxRuntimeWeb} from './contenders/onnxruntime_web.js';
import {addThenOp, op} from './contenders/op.js';
import {pythonSteps} from './contenders/python_steps.js';
import {rungs} from './contenders/rungs.js';
import {torch} from './contenders/torch.js';
import {measure} from './measure.js';
import type {Contender, Environment, Library, Message, Request, Tfjs} from './types.js';

/** Whom each backend is compared with, besides the built-in layer. */
const PEERS: Record<string, Contender[]> = {
  cpu: [onnxRuntimeWeb, ...rungs],
  wasm: [onnxRuntimeWeb],
  tensorflow: [onnxRuntimeNode, torch],
};

const send = (message: Message, then: () => void = () => {}) => process.send?.(message, then);

process.once('message', async (request: Request & {environment: Environment}) => {
  const {environment, tasks, limits, peers, python} = request;
  try {
    if (process.env.BENCH_WITHOUT_ADDON) hideAddon();
    const {backend, threads} = environment;
    const tf = await loadTfjs(backend);
    const library: Library = await import('tfjs-layernorm');
    const {loadGraphModel} = await import('tfjs-layernorm/graph');
    const {loadKerasModel} = await import('tfjs-layernorm/keras');
    const contenders = [ours, op, addThenOp, builtIn, ...PEERS[backend], copy].filter(
      ({peer}) => !peer || peers.includes(peer),
    );
    const loaders = {loadGraphModel, loadKerasModel};
    const given = {tf, library, ...loaders, backend, threads, onGpu: false, limits, python};
    const peerSteps = python && backend === 'tensorflow' ? pythonSteps : [];
    const context = {...given, peerSteps};
    const loadOnnxRuntime = async () => ({ort: await import('onnxruntime-web'), provider: 'wasm'});
    const report = await measure({...context, loadOnnxRuntime}, contenders, tasks, (progress) =>
      send({progress}),
    );
    send({report: {...report, isFused: library.usesFusedKernel()}}, () => process.exit());
  } catch (error) {
    const failure = error instanceof Error ? error.stack : String(error);
    send({failure}, () => process.exit(1));
  }
});

async function loadTfjs(backend: string): Promise<Tfjs> {
  if (backend === 'tensorflow') return (await import('@tensorflow/tfjs-node')).default;
  const {default: tf} = await import('@tensorflow/tfjs');
  if (backend === 'wasm') await import('@tensorflow/tfjs-backend-wasm');
  if (!(await tf.setBackend(backend))) throw new Error(`The backend '${backend}' did not start.`);
  return tf;
}

/** Has the addon fail to load, as where it could be neither found nor compiled. */
function hideAddon() {
  const loader = Module as unknown as {_load(request: string, ...rest: unknown[]): unknown};
  const load = loader._load;
  loader._load = function loadUnlessAddon(request, ...rest) {
    if (request.replaceAll('\\', '/').endsWith('addon/index.cjs')) {
      throw new Error('the benchmark hides it');
    }
    return load.call(this, request, ...rest);
  };
}
