/** Random numbers that are the same in every run: mulberry32 for uniform, Box–Muller for normal. */
export class Random {
  constructor(private state: number) {}

  /** A number in [0, 1). */
  uniform(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** `count` float32 numbers of the normal distribution. */
  normal(count: number, mean = 0, deviation = 1): Float32Array<ArrayBuffer> {
    const draw = () => {
      const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
      return mean + deviation * radius * Math.cos(2 * Math.PI * this.uniform());
    };
    return Float32Array.from({length: count}, draw);
  }

  /** A whole number in [0, end). */
  below(end: number): number {
    return Math.floor(this.uniform() * end);
  }

  /** One of a list. */
  of<Item>(list: readonly Item[]): Item {
    return list[this.below(list.length)];
  }

  /** Bytes, each as likely as any other. */
  bytes(length: number): Uint8Array<ArrayBuffer> {
    return Uint8Array.from({length}, () => this.below(256));
  }
}
