import type {KerasClasses} from './row.js';

export const merging: KerasClasses = {
  Add: {masks: 'merges'},
  Average: {masks: 'merges'},
  Concatenate: {masks: 'joins'},
  Maximum: {masks: 'merges'},
  Minimum: {masks: 'merges'},
  Multiply: {masks: 'merges'},
  Subtract: {masks: 'merges'},
};
