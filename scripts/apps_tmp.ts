import {applicationsPart} from './models/keras.js';
applicationsPart(process.argv[2]);
