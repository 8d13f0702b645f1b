/**
 * torch on the CPU, in a process of its own that measures itself: `torch_worker.py`. Its samples take
 * turns with those of the other contenders.
 */
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {startPython} from '../support/python_worker.js';
import type {Contender} from '../types.js';

/** What `torch_worker.py` answers. */
interface Answer {
  version?: string;
  ms: number;
  count: number;
}

export const torch: Contender = {
  name: 'torch',
  label: 'torch, CPU',
  peer: 'torch',
  kinds: ['forward', 'backward', 'sum'],
  async create({python, threads}) {
    if (!python) throw new Error('No Python with torch was named: --python FILE.');
    const worker = startPython<Answer>(python, ['torch_worker.py']);
    const folder = mkdtempSync(path.join(tmpdir(), 'bench-torch-'));
    const {version} = await worker.ask({do: 'start', threads});
    return {
      version,
      async prepare({shape, data, kind, epsilon}) {
        const files = Object.entries(data).map(([name, values]) => {
          const file = path.join(folder, name);
          writeFileSync(file, values);
          return [name, file];
        });
        const output = path.join(folder, 'output');
        const request = {shape, kind, epsilon, files: Object.fromEntries(files), output};
        await worker.ask({do: 'prepare', ...request});
        return {
          time: async (calls: number) => (await worker.ask({do: 'time', calls})).ms,
          async outputs() {
            const {count} = await worker.ask({do: 'outputs'});
            return Array.from({length: count}, (_, i) => floatsOf(`${output}${i}`));
          },
          dispose: () => worker.ask({do: 'dispose'}),
        };
      },
      dispose() {
        worker.stop();
        rmSync(folder, {recursive: true});
      },
    };
  },
};

function floatsOf(file: string): Float32Array {
  return new Float32Array(Uint8Array.from(readFileSync(file)).buffer);
}
