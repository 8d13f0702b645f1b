/**
 * Times contenders in turn, so that what else the machine does meets all of them alike.
 */
import type {Limits, Times, Work} from '../types.js';
import {median, quantile} from './stats.js';

const SETTLE_MS = 5;

/** A short call is compiled in steps: only after thousands does it take the time that it will take. */
const WARM_UP_SAMPLES = 10;

/** A slow contender gets as many samples, so that there is a median. */
const FEWEST = 3;

export interface TimedContender {
  name: string;
  work: Pick<Work, 'time'>;
}

/** A contender with its samples so far; each sample is a call, or many. */
interface Plan extends TimedContender {
  calls: number;
  samples: number[];
  wanted: number;
}

/**
 * Times contenders, each of which has run once; the rest of warming up is done here.
 *
 * @param options `budgetMs`: about how long one contender may take; a slow one gets fewer rounds,
 *   but three, and one alone where three would take longer than `capMs`. `sampleMs`: a sample has so
 *   many calls that it lasts about as long, or the clock and the loop are what is measured, but
 *   `maxCalls` at most.
 * @returns the times by name
 */
export async function timeInTurn(
  contenders: TimedContender[],
  options: Limits,
): Promise<Map<string, Times>> {
  const {rounds, budgetMs, capMs, sampleMs, maxCalls} = options;
  const plans: Plan[] = [];
  for (const {name, work} of contenders) plans.push(await plan(name, work));
  for (let round = 0; round < rounds; round++) {
    // Another one first each time: who comes after a large one finds colder caches.
    for (let i = 0; i < plans.length; i++) {
      const {work, calls, samples, wanted} = plans[(i + round) % plans.length];
      if (samples.length >= wanted) continue;
      await settle();
      samples.push(await work.time(calls));
    }
  }
  return new Map(plans.map(({name, samples}) => [name, summary(samples)]));

  async function plan(name: string, work: Plan['work']): Promise<Plan> {
    const first = await work.time(1);
    if (FEWEST * first > capMs) {
      return {name, work, calls: 1, samples: [first], wanted: 1};
    }
    if (first > budgetMs) return {name, work, calls: 1, samples: [], wanted: FEWEST};
    const second = await work.time(1);
    // The third tells: until then code is compiled and memory is fresh.
    const ms = second < 50 ? await work.time(1) : second;
    const calls = Math.min(maxCalls, Math.max(1, Math.ceil(sampleMs / Math.max(ms, 1e-4))));
    if (calls > 1) await work.time(WARM_UP_SAMPLES * calls);
    const wanted = Math.max(FEWEST, Math.min(rounds, Math.floor(budgetMs / (ms * calls))));
    return {name, work, calls, samples: [], wanted};
  }
}

/** The idle threads of the one before (of onnxruntime, of OpenMP) spin for a while, then sleep. */
function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
}

function summary(samples: number[]): Times {
  const [low, high] = [quantile(samples, 0.25), quantile(samples, 0.75)];
  return {ms: median(samples), low, high, runs: samples.length};
}
