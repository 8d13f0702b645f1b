/** All operations, by the names of Keras 3's classes. */
import {activations} from './activations.js';
import {elementwise} from './elementwise.js';
import {indexing} from './indexing.js';
import type {Table} from './operation.js';
import {ordering} from './ordering.js';
import {products} from './products.js';
import {reductions} from './reductions.js';
import {shaping} from './shaping.js';

export const operations: Table = {
  ...activations,
  ...elementwise,
  ...indexing,
  ...ordering,
  ...products,
  ...reductions,
  ...shaping,
};

/** Arguments that earlier versions of Keras call otherwise. */
export const renamedArguments: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Stack: {xs: 'x'},
};

/** Operations that tfjs's layers cannot run, and why. */
export const refused: Readonly<Record<string, string>> = {};
