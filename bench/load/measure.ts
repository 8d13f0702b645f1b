/** What a load costs: its time, and how long it lets nothing else run. */
import type {KerasSource, LoadKerasModelOptions} from '../../src/keras/index.js';

export interface LoadCost {
  ms: number;
  /** The longest time for which nothing else could run. */
  longestBlockMs: number;
  /** How often progress was told. */
  reports: number;
}

type Load = (source: KerasSource, options: LoadKerasModelOptions) => Promise<{dispose(): unknown}>;

/** Loads a model while something else asks for its turn all the time. */
export async function measureLoad(load: Load, source: KerasSource): Promise<LoadCost> {
  let longestBlockMs = 0;
  let last = performance.now();
  const tick = () => {
    const now = performance.now();
    longestBlockMs = Math.max(longestBlockMs, now - last);
    last = now;
  };
  // A channel's messages come as soon as they may, where a timer waits.
  const {port1, port2} = new MessageChannel();
  port1.onmessage = () => {
    tick();
    port2.postMessage(0);
  };
  port2.postMessage(0);
  let reports = 0;
  const start = performance.now();
  const model = await load(source, {onProgress: () => reports++});
  const ms = performance.now() - start;
  tick();
  port1.close();
  model.dispose();
  return {ms, longestBlockMs, reports};
}
