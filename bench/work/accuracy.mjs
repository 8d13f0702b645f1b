/** How exact the contenders are on rows of `rows.mjs`, in y and in each gradient. */
import {errorsOf} from '../support/error.mjs';
import {expectedOutputs} from '../support/expected.mjs';
import {firstLine, refuseTooSlow} from './layer_norm.mjs';
import {createRows} from './rows.mjs';

const COMPARED = ['layer', 'built-in', 'onnxruntime', 'torch'];
const OUTPUTS = {forward: ['y'], backward: ['dx', 'dgamma', 'dbeta']};

/**
 * @param {{name: string}} task which of the rows
 * @returns {Promise<object[]>} a row a contender: `errors`, by output, and by kind of work the
 *     `reasons` why there are none. The first is what float32 can hold: the expected values, rounded.
 */
export async function measureAccuracy(context, contenders, {name}) {
  const {shape, epsilon, data} = createRows(name);
  const cols = shape.at(-1);
  const rounded = {contender: 'rounded', errors: {}, reasons: {}};
  const compared = contenders.filter(({name: contender}) => COMPARED.includes(contender));
  const rows = compared.map((contender) => ({
    contender: contender.name,
    errors: {},
    reasons: {},
  }));
  for (const [kind, outputs] of Object.entries(OUTPUTS)) {
    const expected = expectedOutputs(data, {cols, epsilon, kind});
    const record = (row, values) => {
      const errors = errorsOf(values, expected, cols);
      for (const [i, output] of outputs.entries()) row.errors[output] = errors[i];
    };
    record(
      rounded,
      expected.map((values) => Float32Array.from(values)),
    );
    for (const [i, {made, kinds, growth}] of compared.entries()) {
      if (!kinds.includes(kind)) continue;
      try {
        await refuseTooSlow(context, {made, growth, shape, kind});
        const work = await made.prepare({shape, data, kind, epsilon});
        record(rows[i], await work.outputs());
        await work.dispose();
      } catch (error) {
        rows[i].reasons[kind] = firstLine(error);
      }
    }
  }
  return [rounded, ...rows];
}
