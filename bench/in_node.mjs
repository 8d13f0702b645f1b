/** The process of an environment in Node. Its parent sends what to measure, and gets the numbers. */
import Module from 'node:module';
import {copy} from './contenders/copy.mjs';
import {builtIn, ours} from './contenders/layers.mjs';
import {onnxRuntimeNode} from './contenders/onnxruntime_node.mjs';
import {onnxRuntimeWeb} from './contenders/onnxruntime_web.mjs';
import {op} from './contenders/op.mjs';
import {torch} from './contenders/torch.mjs';
import {measure} from './measure.mjs';

/** Whom each backend is compared with, besides the built-in layer. */
const PEERS = {cpu: [onnxRuntimeWeb], wasm: [onnxRuntimeWeb], tensorflow: [onnxRuntimeNode, torch]};

process.once('message', async ({environment, tasks, limits, peers, python}) => {
  try {
    if (process.env.BENCH_WITHOUT_ADDON) hideAddon();
    const {backend, threads} = environment;
    const tf = await loadTfjs(backend);
    const library = await import('tfjs-layernorm');
    const contenders = [ours, op, builtIn, ...PEERS[backend], copy].filter(
      ({peer}) => !peer || peers.includes(peer),
    );
    const context = {tf, library, backend, threads, onGpu: false, limits, python};
    const loadOnnxRuntime = async () => ({ort: await import('onnxruntime-web'), provider: 'wasm'});
    const report = await measure({...context, loadOnnxRuntime}, contenders, tasks, (progress) =>
      process.send({progress}),
    );
    process.send({report: {...report, isFused: library.usesFusedKernel()}}, () => process.exit());
  } catch (error) {
    process.send({failure: error.stack}, () => process.exit(1));
  }
});

async function loadTfjs(backend) {
  if (backend === 'tensorflow') return (await import('@tensorflow/tfjs-node')).default;
  const {default: tf} = await import('@tensorflow/tfjs');
  if (backend === 'wasm') await import('@tensorflow/tfjs-backend-wasm');
  if (!(await tf.setBackend(backend))) throw new Error(`The backend '${backend}' did not start.`);
  return tf;
}

/** As on a machine where the addon could be neither found nor compiled. */
function hideAddon() {
  const load = Module._load;
  Module._load = function loadUnlessAddon(request, ...rest) {
    if (request.replaceAll('\\', '/').endsWith('addon/index.cjs')) {
      throw new Error('the benchmark hides it');
    }
    return load.call(this, request, ...rest);
  };
}
