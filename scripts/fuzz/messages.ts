/** What the fuzzer and the process that it has load the files say to each other. */

export type LoaderName = 'loadKerasModel' | 'fuseGraph';

export const LOADERS: LoaderName[] = ['loadKerasModel', 'fuseGraph'];

/** Which cases to run. */
export interface Start {
  loader: LoaderName;
  from: number;
  count: number;
  seed: number;
}

/** How a case ended. */
export interface Ended {
  i: number;
  kind: string;
  seconds: number;
  /** Bytes. */
  grown: number;
  /** Whether it gave an error, as it may. */
  failed: boolean;
  /** What was not as it should be. */
  fault: string | null;
}

/** A case begins, has ended, or all are done. */
export type Message = {begins: number; kind: string} | {ended: Ended} | {done: true};
