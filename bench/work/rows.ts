/**
 * Rows that are normalised to tell how exactly: ordinary ones, and those on which float32 loses
 * digits.
 */

import {createData, normal} from '../support/data.js';
import type {Data, Values} from '../types.js';

/** As float32 they are not all whole, and no two of them alike. */
const CONSTANTS = [1234, 0.1, -7.7, 3e-5, 1e6 / 3, 2 ** 24, -40_000.5, 1e-20];

interface Rows {
  /** What the rows are for. */
  note: string;
  /** [rows, cols]. */
  shape: [number, number];
  /** Default 1e-3. */
  epsilon?: number;
  /** Makes x, row-major. */
  fill(rows: number, cols: number): Values;
}

/** The rows that are normalised, by name. */
export const ROWS: Record<string, Rows> = {
  'ordinary rows': {
    note: 'Numbers of the normal distribution, with mean 0.3 and spread 2.',
    shape: [256, 768],
    fill: (rows, cols) => normal(rows * cols, 0.3, 2),
  },
  'many short rows': {
    note: 'As above. dγ and dβ are sums of 4096 numbers.',
    shape: [4096, 64],
    fill: (rows, cols) => normal(rows * cols, 0.3, 2),
  },
  'long rows': {
    note: 'As above.',
    shape: [2, 262_144],
    fill: (rows, cols) => normal(rows * cols, 0.3, 2),
  },
  'mean 1e4, spread 1': {
    note: 'float32 has steps of 0.001 there.',
    shape: [16, 768],
    fill: (rows, cols) => normal(rows * cols, 1e4, 1),
  },
  'mean 1e6, spread 1': {
    note: 'float32 has steps of 0.06 there.',
    shape: [16, 768],
    fill: (rows, cols) => normal(rows * cols, 1e6, 1),
  },
  'mean 1e7, spread 1': {
    note: 'float32 has steps of 1 there: all numbers are whole, and the mean lies between two.',
    shape: [16, 768],
    fill: (rows, cols) => normal(rows * cols, 1e7, 1),
  },
  'nearly constant': {
    note: '1449 ± 0.01, which are a few hundred steps of float32.',
    shape: [16, 768],
    epsilon: 1e-6,
    fill: (rows, cols) => normal(rows * cols, 1449, 0.01),
  },
  constant: {
    note: `Rows of one number each: ${CONSTANTS.join(', ')}. y is β.`,
    shape: [CONSTANTS.length, 768],
    fill: constantRows,
  },
  'constant, ε = 0': {
    note: 'The same rows. σ² + ε is 0: y is β, and the gradient is taken to be 0.',
    shape: [CONSTANTS.length, 768],
    epsilon: 0,
    fill: constantRows,
  },
  'one outlier': {
    note: 'Ordinary rows, but one number in each is 1e6.',
    shape: [16, 768],
    fill(rows, cols) {
      const x = normal(rows * cols, 0.3, 2);
      for (let row = 0; row < rows; row++) x[row * cols + 37 * row] = 1e6;
      return x;
    },
  },
  'values of 1e18': {
    note: 'The sum of their squares is as large as float32 can hold, 3e38.',
    shape: [16, 768],
    fill: (rows, cols) => normal(rows * cols, 0, 1e18),
  },
  'values of 1e30': {
    note: 'Their squares overflow float32.',
    shape: [16, 768],
    fill: (rows, cols) => normal(rows * cols, 0, 1e30),
  },
  'values of 1e-18, ε = 0': {
    note: 'Their squares are near the smallest normal number of float32, 1e-38.',
    shape: [16, 768],
    epsilon: 0,
    fill: (rows, cols) => normal(rows * cols, 0, 1e-18),
  },
  'values of 1e-30, ε = 0': {
    note: 'Their squares are 0 in float32.',
    shape: [16, 768],
    epsilon: 0,
    fill: (rows, cols) => normal(rows * cols, 0, 1e-30),
  },
  '40000 to 40003': {
    note: 'One row, [40000, 40001, 40002, 40003].',
    shape: [1, 4],
    fill: () => Float32Array.of(40_000, 40_001, 40_002, 40_003),
  },
  'one column': {
    note: 'Each number is its own mean: y is β, and dx and dγ are 0. dβ is relative to the largest dy.',
    shape: [64, 1],
    fill: (rows, cols) => normal(rows * cols, 0.3, 2),
  },
  'two columns': {
    note: 'x̂ is ±1 whatever x is, but for ε: dx is what is left of three terms that cancel. Errors are relative to the size of the terms: r·|g| for dx, the largest number summed for dγ and dβ.',
    shape: [64, 2],
    fill: (rows, cols) => normal(rows * cols, 0.3, 2),
  },
  'three columns': {
    note: 'Of three directions two are taken out of g, and dx is the third, in some rows a small part. Errors are relative to the size of the terms, as with two columns.',
    shape: [64, 3],
    fill: (rows, cols) => normal(rows * cols, 0.3, 2),
  },
};

function constantRows(rows: number, cols: number): Values {
  return Float32Array.from({length: rows * cols}, (_, i) => CONSTANTS[Math.floor(i / cols)]);
}

/** Makes the rows of a name, with γ, β and dy as `createData` gives them. */
export function createRows(name: string): {shape: number[]; epsilon: number; data: Data} {
  const {shape, epsilon = 1e-3, fill} = ROWS[name];
  return {shape, epsilon, data: {...createData(shape), x: fill(...shape)}};
}
