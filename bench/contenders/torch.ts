/**
 * torch on the CPU, in a process of its own that measures itself: `torch_worker.py`. A line of JSON
 * asks, a line answers; the samples take turns with those of the other contenders.
 */
import {spawn} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {createInterface} from 'node:readline';
import type {Contender} from '../types.js';

/** What `torch_worker.py` answers. */
interface Answer {
  version?: string;
  ms: number;
  count: number;
  error?: string;
}

export const torch: Contender = {
  name: 'torch',
  label: 'torch, CPU',
  peer: 'torch',
  kinds: ['forward', 'backward', 'sum'],
  async create({python, threads}) {
    if (!python) throw new Error('No Python with torch was named: --python FILE.');
    const worker = startWorker(python);
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

function startWorker(python: string) {
  // This file runs as a bundle, which lies elsewhere; the benchmark runs in the root.
  const script = path.resolve('bench/contenders/torch_worker.py');
  const child = spawn(python, [script], {stdio: ['pipe', 'pipe', 'pipe']});
  const lines = createInterface({input: child.stdout})[Symbol.asyncIterator]();
  let said = '';
  let startError: Error | undefined;
  child.stderr.on('data', (text) => {
    said += text;
  });
  child.on('error', (error) => {
    startError = error;
  });
  child.stdin.on('error', () => {}); // the missing answer tells
  return {
    async ask(request: object): Promise<Answer> {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const {value, done} = await lines.next();
      if (done) throw startError ?? new Error(said.trim().split('\n').at(-1) || 'Python ended.');
      const answer: Answer = JSON.parse(value);
      if (answer.error) throw new Error(answer.error);
      return answer;
    },
    stop: () => child.stdin.end(),
  };
}
