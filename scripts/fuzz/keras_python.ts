/** Runs `draw_keras_models.py`, which draws models with Keras and builds them from their specs. */
import {type ChildProcess, spawn} from 'node:child_process';
import path from 'node:path';
import {createInterface, type Interface} from 'node:readline';
import {root, UserError} from '../../tools/shell.mjs';
import type {Spec} from './keras_spec.js';

const SCRIPT = path.join(root, 'scripts/fuzz/draw_keras_models.py');

/** The names of the cases, each as soon as its folder in `folder` is written. */
export async function* drawModels(
  python: string,
  folder: string,
  {count, seed}: {count: number; seed: number},
): AsyncGenerator<string> {
  const args = [SCRIPT, 'draw', folder, '--count', String(count), '--seed', String(seed)];
  const child = start(python, args);
  let drawn = 0;
  for await (const line of linesOf(child)) {
    if (!line.startsWith('{"case"')) continue;
    drawn++;
    yield JSON.parse(line).case;
  }
  if (drawn === count) return;
  throw new UserError(
    `${python} drew ${drawn} of ${count} models; see its message above.`,
    'name a Python that has Keras and TensorFlow: --python FILE.',
  );
}

/** Has Keras build models from specs, one after the other, in one process. */
export class ModelBuilder {
  private readonly child: ChildProcess;
  private readonly answers: AsyncIterator<string>;

  /** Each model is written to `case` in `folder`. */
  constructor(python: string, folder: string) {
    this.child = start(python, [SCRIPT, 'build', folder]);
    this.answers = linesOf(this.child)[Symbol.asyncIterator]();
  }

  /** Whether Keras can build, run and save the model of a spec. */
  async build(spec: Spec): Promise<boolean> {
    this.child.stdin?.write(`${JSON.stringify(spec)}\n`);
    for (;;) {
      const {value, done} = await this.answers.next();
      if (done) return false;
      if (value.startsWith('{"built"')) return JSON.parse(value).built;
    }
  }

  close(): void {
    this.child.stdin?.end();
  }
}

function start(python: string, args: string[]): ChildProcess {
  const child = spawn(python, args, {stdio: ['pipe', 'pipe', 'inherit']});
  child.on('error', () => {}); // told by `drawModels`: no line comes
  return child;
}

function linesOf({stdout}: ChildProcess): Interface {
  return createInterface({input: stdout as NodeJS.ReadableStream});
}
