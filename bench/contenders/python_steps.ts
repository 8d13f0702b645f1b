/** Steps of training in Python, each in a process of its own: `training_worker.py`. */
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {startPython} from '../support/python_worker.js';
import type {PeerStep} from '../types.js';

/** What `training_worker.py` answers. */
interface Answer {
  version: string;
  ms: number;
  losses: number[];
}

const step = (framework: string, label: string): PeerStep => ({
  label,
  async create({python, threads}, tensors) {
    if (!python) throw new Error('No Python was named: --python FILE.');
    const worker = startPython<Answer>(python, ['training_worker.py', framework]);
    const folder = mkdtempSync(path.join(tmpdir(), 'bench-step-'));
    try {
      const file = path.join(folder, 'weights');
      writeFileSync(file, Buffer.concat(tensors.map(({values}) => new Uint8Array(values.buffer))));
      await worker.ask({file, shapes: tensors.map(({shape}) => shape), threads});
    } catch (error) {
      worker.stop();
      throw error;
    } finally {
      rmSync(folder, {recursive: true});
    }
    return {
      async time(calls) {
        const {ms, losses} = await worker.ask({calls});
        return {ms, losses};
      },
      dispose: worker.stop,
    };
  },
});

export const pythonSteps = [
  step('eager', 'TensorFlow in Python, eager'),
  step('compiled', 'TensorFlow in Python, compiled'),
  step('torch', 'torch, CPU'),
];
