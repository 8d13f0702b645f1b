import {logSlope, median, quantile} from '../../bench/support/stats.js';

describe('the statistics of the benchmark', () => {
  it('take the middle one of an odd number, and half way of an even one, in any order', () => {
    expect([median([3, 1, 2]), median([4, 1, 3, 2]), median([7])]).toEqual([2, 2.5, 7]);
  });

  it('order as numbers, not as text', () => {
    expect(median([9, 10, 100])).toBe(10);
  });

  it('give quartiles', () => {
    expect([0, 0.25, 0.75, 1].map((q) => quantile([1, 2, 3, 4, 5], q))).toEqual([1, 2, 4, 5]);
  });

  it('leave the values as they were', () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });

  it('have no median of nothing', () => {
    expect(() => median([])).toThrow('no values');
  });

  it('tell linear from quadratic growth', () => {
    expect(logSlope([1, 2, 4, 8], [3, 6, 12, 24])).toBeCloseTo(1, 12);
    expect(logSlope([1, 2, 4, 8], [1, 4, 16, 64])).toBeCloseTo(2, 12);
  });
});
