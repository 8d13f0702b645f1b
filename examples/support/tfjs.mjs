/**
 * tfjs on the backend wanted. `tensorflow` needs @tensorflow/tfjs-node; where that cannot be had,
 * `wasm` serves, and where that cannot either, `cpu`, each with a word on why.
 *
 * @param {'tensorflow' | 'wasm' | 'cpu'} wanted
 * @returns {Promise<typeof import('@tensorflow/tfjs')>}
 */
export async function loadTfjs(wanted) {
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2'; // libtensorflow's warnings only, not its notes
  const backends = ['tensorflow', 'wasm', 'cpu'];
  for (const backend of backends.slice(backends.indexOf(wanted))) {
    try {
      return await loadOn(backend);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      console.log(`The backend '${backend}' cannot be used: ${reason.split('\n')[0]}`);
    }
  }
  throw new Error('None of the backends tensorflow, wasm and cpu can be used.');
}

async function loadOn(backend) {
  if (backend === 'tensorflow') return (await import('@tensorflow/tfjs-node')).default;
  const {default: tf} = await import('@tensorflow/tfjs');
  tf.env().set('IS_NODE', false); // else tfjs advertises its package for Node
  if (backend === 'wasm') {
    await import('@tensorflow/tfjs-backend-wasm');
    // Its threads start from a blob, which no worker of Node takes.
    tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  }
  if (!(await tf.setBackend(backend))) throw new Error('it could not be started.');
  return tf;
}
