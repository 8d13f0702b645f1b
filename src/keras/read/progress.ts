/** Tells how far a model is loaded. */

/** Is told the part that is done, from 0 to 1; it never goes back. */
export type OnProgress = (fraction: number) => void;

/** The parts of loading, and about how much of the time each takes. */
const PARTS = {fetch: 0.5, unpack: 0.2, read: 0.3};

export type Part = keyof typeof PARTS;

/** Is told how much of a part is done, from 0 to 1. */
export type Report = (part: Part, done: number) => void;

/** A report that passes on, of all parts together, what is further than before. */
export function newReport(onProgress: OnProgress = () => {}): Report {
  let last = -1;
  return (part, done) => {
    let fraction = PARTS[part] * Math.min(1, done);
    for (const [earlier, share] of Object.entries(PARTS)) {
      if (earlier === part) break;
      fraction += share;
    }
    if (fraction <= last) return;
    last = fraction;
    // A sum of shares may be a rounding away from 1.
    onProgress(part === 'read' && done >= 1 ? 1 : fraction);
  };
}
