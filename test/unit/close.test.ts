import {expectClose, maxError} from '../support/close.js';

describe('maxError', () => {
  it('is 0 for equal values, NaN and infinities included', () => {
    const values = [0, -0, 1.5, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    expect(maxError(values, Float64Array.from(values))).toBe(0);
  });

  it('takes 0 and -0 for the same', () => {
    expect(maxError([0], [-0])).toBe(0);
  });

  it('is relative to the largest expected value', () => {
    expect(maxError([2, 127], [0, 128])).toBe(2 / 128);
  });

  it('is relative to the largest expected value of the same row', () => {
    expect(maxError([1, 2, 1000, 1001], [1, 1, 1000, 1000], 2)).toBe(1);
  });

  it('is absolute in a row of zeros', () => {
    expect(maxError([0, 0.25], [0, 0])).toBe(0.25);
  });

  it('does not let an expected infinity hide the errors of its row', () => {
    expect(maxError([Number.POSITIVE_INFINITY, 3], [Number.POSITIVE_INFINITY, 2])).toBe(0.5);
  });

  it('does not overflow for huge values', () => {
    expect(maxError([-1e308], [1e308])).toBe(2);
  });

  it.each([
    [Number.NaN, 1],
    [1, Number.NaN],
    [Number.NaN, Number.POSITIVE_INFINITY],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
    [Number.POSITIVE_INFINITY, 1],
    [1, Number.NEGATIVE_INFINITY],
  ])('is infinite for %d in place of %d', (actual, expected) => {
    expect(maxError([actual], [expected])).toBe(Number.POSITIVE_INFINITY);
  });

  it('is infinite for another length', () => {
    expect(maxError([1, 2], [1])).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('expectClose', () => {
  it('accepts an error that is just the tolerance', () => {
    expect(() => expectClose([1.5], [1], 0.5)).not.toThrow();
  });

  it('names index, row, values, error and tolerance', () => {
    expect(() => expectClose([1, 2, 3, 5], [1, 2, 3, 4], 0.125, 2)).toThrow(
      "At index 3 (row 1): 5 is there, 4 was expected; relative to the row's largest value " +
        'the error is 0.25, at most 0.125 is allowed.',
    );
  });

  it('refuses NaN in place of a number, whatever the tolerance', () => {
    expect(() => expectClose([Number.NaN], [1], 1e9)).toThrow('NaN is there, 1 was expected');
  });

  it('names both lengths where they differ', () => {
    expect(() => expectClose([1, 2], [1], 1)).toThrow('1 values were expected, there are 2.');
  });
});
