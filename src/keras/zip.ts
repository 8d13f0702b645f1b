/** Takes the two parts of a `.keras` file out of its zip; nothing else is unpacked. */

const CONFIG = 'config.json';
const WEIGHTS = 'model.weights.h5';
/** Far above any model a page can hold: a zip may claim any size. */
const MAX_BYTES = 2 ** 31;

/** @throws Error Not a zip, a part missing, or a part too large. */
export async function unzipKeras(
  bytes: Uint8Array,
): Promise<{config: string; weights: Uint8Array}> {
  const {strFromU8, unzipSync} = await import('fflate');
  const parts = unzipSync(bytes, {
    filter: ({name, originalSize}) => {
      if (name !== CONFIG && name !== WEIGHTS) return false;
      if (originalSize > MAX_BYTES) throw new Error(`${name} claims ${originalSize} bytes.`);
      return true;
    },
  });
  for (const name of [CONFIG, WEIGHTS]) {
    if (!parts[name]) throw new Error(`the zip has no ${name}.`);
  }
  return {config: strFromU8(parts[CONFIG]), weights: parts[WEIGHTS]};
}
