/** A program in Python that measures itself: a line of JSON asks, a line answers. */
import {spawn} from 'node:child_process';
import path from 'node:path';
import {createInterface} from 'node:readline';

/** What a program answers, besides what it was asked for; `error`: why it could not. */
interface Answer {
  error?: string;
}

export interface PythonWorker<Given> {
  /** @throws Error The program said that it could not, or ended. */
  ask(request: object): Promise<Given>;
  stop(): void;
}

/** Starts a program of `bench/contenders`. */
export function startPython<Given>(python: string, [name, ...args]: string[]): PythonWorker<Given> {
  // This file runs as a bundle, which lies elsewhere; the benchmark runs in the root.
  const script = path.resolve('bench/contenders', name);
  const child = spawn(python, [script, ...args], {stdio: ['pipe', 'pipe', 'pipe']});
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
    async ask(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const {value, done} = await lines.next();
      if (done) throw startError ?? new Error(said.trim().split('\n').at(-1) || 'Python ended.');
      const answer: Given & Answer = JSON.parse(value);
      if (answer.error) throw new Error(answer.error);
      return answer;
    },
    stop: () => child.stdin.end(),
  };
}
