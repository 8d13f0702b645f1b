/** JSON with some of its values changed. */
import type {Random} from '../../tools/random.js';

const VALUES = [
  null,
  true,
  0,
  -1,
  1.5,
  1e9,
  2 ** 53,
  -1e308,
  '',
  'x',
  '__proto__',
  'constructor',
  'DT_FLOAT',
  'float32',
  [],
  [null],
  [[[]]],
  [1e9, 1e9],
  {},
  {class_name: 'Dense', config: {}},
];

type Parent = Record<string, unknown> | unknown[];

/** A copy of a JSON value in which `count` of its parts are replaced, removed, doubled or moved. */
export function mutate<Value extends object>(value: Value, random: Random, count = 1): Value {
  const copy = structuredClone(value);
  for (let i = 0; i < count; i++) {
    const places = placesIn(copy);
    if (!places.length) break;
    const [parent, key] = random.of(places);
    const set = (part: unknown) => Object.assign(parent, {[key]: part});
    switch (random.below(4)) {
      case 0:
        if (Array.isArray(parent)) parent.splice(Number(key), 1);
        else delete parent[key];
        break;
      case 1:
        if (Array.isArray(parent)) parent.push(structuredClone(parent[Number(key)]));
        else parent[`${key}x`] = parent[key];
        break;
      case 2: {
        const [from, name] = random.of(places);
        set(structuredClone((from as Record<string, unknown>)[name]));
        break;
      }
      default:
        set(structuredClone(random.of(VALUES)));
    }
  }
  return copy;
}

/** Every part of a JSON value: what it is in, and by which key. */
function placesIn(value: unknown): [Parent, string][] {
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, part]) => [
    [value as Parent, key] as [Parent, string],
    ...placesIn(part),
  ]);
}
