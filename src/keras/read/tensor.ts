/** What a file holds of one tensor: how large it is, and its values once they are asked for. */

export interface StoredTensor {
  shape: number[];
  /** How many values it has. */
  size: number;
  /** Reads the values. The file must still be open. */
  read(pace: Pace): Promise<Float32Array>;
}

/** A weight, by the name that Keras or the converter gave it. */
export type NamedTensor = StoredTensor & {name: string};

/** Lets a page draw and answer in the middle of long work; to be awaited often, it mostly returns at once. */
export type Pace = () => void | Promise<void>;

/** Work at a stretch. People see a page stand still from about 100 ms on. */
const STRETCH_MS = 25;

/** A pace that gives way to everything else that waits, each time that so long has passed. */
export function newPace(): Pace {
  let since = performance.now();
  return () => {
    if (performance.now() - since < STRETCH_MS) return;
    return new Promise((resolve) => {
      setTimeout(() => {
        since = performance.now();
        resolve();
      });
    });
  };
}
