import type {KerasClasses} from './row.js';

export const preprocessing: KerasClasses = {};
