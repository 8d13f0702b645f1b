/**
 * A drawn model as a list of calls, and how to make it smaller. `draw_keras_models.py` draws specs
 * and builds models from them.
 */
import {readFileSync} from 'node:fs';
import path from 'node:path';

/** One of the tensors that a call gives: the call, or an input, and which of its tensors. */
export type Ref = [id: string, output: number];

export interface Call {
  id: string;
  kind: 'layer' | 'operation' | 'model';
  in: Ref[];
  /** Options of a layer. */
  config?: Record<string, unknown>;
  /** What a layer is given by keyword. */
  kwargs?: Record<string, unknown>;
  /** The call whose layer or model this one uses once more. */
  shares?: string;
  /** The model that is called. */
  spec?: Spec;
}

export interface Spec {
  inputs: {id: string; shape: number[]; dtype: string}[];
  calls: Call[];
  outputs: Ref[];
  sequential?: boolean;
}

export function readSpec(folder: string): Spec {
  return JSON.parse(readFileSync(path.join(folder, 'spec.json'), 'utf8'));
}

/**
 * The smallest spec found that `fails`. Each round tries all that can be taken out of the spec, and
 * goes on with the first that still fails.
 */
export async function shrink(
  spec: Spec,
  fails: (spec: Spec) => Promise<boolean>,
  mostTries = 150,
): Promise<Spec> {
  let smallest = spec;
  let tries = 0;
  for (let found = true; found; ) {
    found = false;
    for (const smaller of smallerSpecs(smallest)) {
      if (++tries > mostTries) return smallest;
      if (!(await fails(smaller))) continue;
      smallest = smaller;
      found = true;
      break;
    }
  }
  return smallest;
}

/** Every spec that has one thing less than `spec`; Keras may be unable to build some of them. */
function* smallerSpecs(spec: Spec): Generator<Spec> {
  yield* withFewerOutputs(spec);
  for (let i = spec.calls.length - 1; i >= 0; i--) yield pruned(withoutCall(spec, i));
  for (const [i, call] of spec.calls.entries()) {
    for (const smaller of smallerCalls(call)) {
      yield {...spec, calls: spec.calls.map((each, k) => (k === i ? smaller : each))};
    }
  }
}

function* withFewerOutputs(spec: Spec): Generator<Spec> {
  if (spec.sequential) return;
  if (spec.outputs.length > 1) {
    for (const output of spec.outputs) yield pruned({...spec, outputs: [output]});
  }
  for (const {id} of spec.calls) {
    if (spec.outputs.some(([from]) => from === id)) continue;
    yield pruned({...spec, outputs: [[id, 0]]});
  }
}

/** Without a call: what it was given takes the place of what it gave. */
function withoutCall(spec: Spec, at: number): Spec {
  const {id, in: given} = spec.calls[at];
  const instead = (ref: Ref): Ref => (ref[0] === id ? given[0] : ref);
  return {
    ...spec,
    calls: spec.calls
      .filter((call) => call.id !== id && call.shares !== id)
      .map((call) => ({...call, in: call.in.map(instead)})),
    outputs: (spec.outputs ?? []).map(instead),
  };
}

/** Without the calls and inputs that no output needs. */
function pruned(spec: Spec): Spec {
  if (spec.sequential) return spec;
  const needed = new Set<string>();
  const need = (value: unknown): void => {
    if (!Array.isArray(value)) return;
    if (typeof value[0] === 'string' && typeof value[1] === 'number') mark(value[0]);
    else value.forEach(need);
  };
  const mark = (id: string): void => {
    if (needed.has(id)) return;
    needed.add(id);
    const call = spec.calls.find((each) => each.id === id);
    if (!call) return;
    need(call.in);
    Object.values(call.kwargs ?? {}).forEach(need);
    if (call.shares) mark(call.shares);
  };
  need(spec.outputs);
  return {
    ...spec,
    calls: spec.calls.filter(({id}) => needed.has(id)),
    inputs: spec.inputs.filter(({id}) => needed.has(id)),
  };
}

/** The call with one option or keyword less, or with a smaller model in it. */
function* smallerCalls(call: Call): Generator<Call> {
  for (const key of ['config', 'kwargs'] as const) {
    for (const option of Object.keys(call[key] ?? {})) {
      const {[option]: _, ...rest} = call[key] as Record<string, unknown>;
      yield {...call, [key]: rest};
    }
  }
  if (!call.spec) return;
  for (const smaller of smallerSpecs(call.spec)) {
    if (smaller.inputs.length === call.in.length) yield {...call, spec: smaller};
  }
}
