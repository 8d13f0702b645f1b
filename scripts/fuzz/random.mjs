/** Draws that are the same for the same seed (mulberry32), and JSON with one value changed. */
export class Draw {
  constructor(seed) {
    this.state = seed >>> 0;
  }

  /** In [0, 1). */
  uniform() {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number in [0, end). */
  below(end) {
    return Math.floor(this.uniform() * end);
  }

  of(list) {
    return list[this.below(list.length)];
  }

  bytes(length) {
    return Uint8Array.from({length}, () => this.below(256));
  }
}

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

/** A copy of a JSON value in which `count` of its parts are replaced, removed, doubled or moved. */
export function mutate(value, draw, count = 1) {
  const copy = structuredClone(value);
  for (let i = 0; i < count; i++) {
    const places = [];
    const collect = (part) => {
      if (part === null || typeof part !== 'object') return;
      for (const key of Object.keys(part)) {
        places.push([part, key]);
        collect(part[key]);
      }
    };
    collect(copy);
    if (!places.length) break;
    const [parent, key] = draw.of(places);
    switch (draw.below(4)) {
      case 0:
        if (Array.isArray(parent)) parent.splice(key, 1);
        else delete parent[key];
        break;
      case 1:
        if (Array.isArray(parent)) parent.push(structuredClone(parent[key]));
        else parent[`${key}x`] = parent[key];
        break;
      case 2: {
        const [from, name] = draw.of(places);
        parent[key] = structuredClone(from[name]);
        break;
      }
      default:
        parent[key] = structuredClone(draw.of(VALUES));
    }
  }
  return copy;
}
