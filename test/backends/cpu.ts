/** Has the spec run on `cpu`, which comes with `@tensorflow/tfjs`. */
import {useBackend} from './current.js';

useBackend('cpu');
