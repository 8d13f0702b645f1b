/** Checks that the calls of a model take what there is, in an order in which they can be made. */
import type {Call, Reference} from './calls.js';
import {printed} from './saved.js';

interface Called {
  name: string;
  className: string;
  calls: Call[];
}

/** @throws Error A call takes what no call of a layer gives, or waits for what waits for itself. */
export function checkCalls(layers: Called[], inputs: Reference[], outputs: Reference[]): void {
  const counts = new Map(
    layers.map(({name, className, calls}) => [name, className === 'InputLayer' ? 1 : calls.length]),
  );
  const check = (what: string, refs: Reference[]) => {
    if (!refs.length) throw new Error(`${what} takes no tensor.`);
    for (const [name, call, output] of refs) {
      if (call >= 0 && output >= 0 && call < (counts.get(name) ?? 0)) continue;
      throw new Error(
        `${what} takes [${name}, ${call}, ${output}], which no call of a layer gives.`,
      );
    }
  };
  for (const {name, className, calls} of layers) {
    for (const call of calls) check(`${className} layer "${name}"`, call.inputs);
  }
  check("the model's output", outputs);
  check("the model's input", inputs);
  const classes = new Map(layers.map(({name, className}) => [name, className]));
  const [other] = inputs.filter(([name]) => classes.get(name) !== 'InputLayer');
  if (other) throw new Error(`the model's input must be an InputLayer, but is ${printed(other)}.`);
  checkOrder(layers);
}

/** tfjs calls layers as soon as their inputs are there, and tries for ever where they never are. */
function checkOrder(layers: Called[]): void {
  const done = new Set(
    layers.filter(({className}) => className === 'InputLayer').map(({name}) => `0 ${name}`),
  );
  let waiting = layers.flatMap(({name, calls}) =>
    calls.map(({inputs}, i) => ({
      name,
      call: `${i} ${name}`,
      needs: inputs.map(([from, call]) => `${call} ${from}`),
    })),
  );
  while (waiting.length) {
    const before = waiting.length;
    waiting = waiting.filter(({call, needs}) => {
      const isReady = needs.every((need) => done.has(need));
      if (isReady) done.add(call);
      return !isReady;
    });
    if (waiting.length < before) continue;
    const names = new Set(waiting.map(({name}) => `"${name}"`));
    throw new Error(`the calls of these layers wait for each other: ${[...names].join(', ')}.`);
  }
}
