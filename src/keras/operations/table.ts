/** The table of operations: a row each, in files by kind. */
import {activations} from './activations.js';
import {convolutions} from './convolutions.js';
import {diagonals} from './diagonals.js';
import {elementwise} from './elementwise.js';
import {extending} from './extending.js';
import {fourier} from './fourier.js';
import {images} from './images.js';
import {indexing} from './indexing.js';
import {joining} from './joining.js';
import {neural} from './neural.js';
import type {Table} from './operation.js';
import {ordering} from './ordering.js';
import {products} from './products.js';
import {reductions} from './reductions.js';
import {reordering} from './reordering.js';
import {reshaping} from './reshaping.js';
import {segments} from './segments.js';
import {spacing} from './spacing.js';
import {splitting} from './splitting.js';
import {tensorflow} from './tensorflow.js';

/** All operations, by the names of Keras 3's classes. */
export const kerasOperations: Table = {
  ...activations,
  ...convolutions,
  ...diagonals,
  ...elementwise,
  ...extending,
  ...fourier,
  ...images,
  ...indexing,
  ...joining,
  ...neural,
  ...ordering,
  ...products,
  ...reductions,
  ...reordering,
  ...reshaping,
  ...segments,
  ...spacing,
  ...splitting,
};

/** All, with what only TensorFlow has, for Keras 2. */
export const operations: Table = {...tensorflow, ...kerasOperations};

/** Arguments that earlier versions of Keras call otherwise. */
export const renamedArguments: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Stack: {xs: 'x'},
};

/** Operations that tfjs's layers cannot run, and why. */
export const refused: Readonly<Record<string, string>> = {
  ...because('runs a function of Python, which no file holds', [
    ...['AssociativeScan', 'Cond', 'ForiLoop', 'JVP', 'Map', 'Scan', 'Switch', 'VectorizedMap'],
    'WhileLoop',
  ]),
  ...because('gives as many numbers as the values say, which no layer can', [
    ...['Bincount', 'Histogram', 'Nonzero', 'Unique'],
  ]),
  ...because('gives complex numbers, which layers of tfjs have not', [
    ...['Polar', 'ViewAsComplex', 'ViewAsReal'],
  ]),
  ...because('draws random numbers, others than those of Keras', ['ElasticTransform']),
  ...because('gives other places in Keras for each backend, and on TensorFlow wrong ones', [
    'Argpartition',
  ]),
  ...because('is not computed by tfjs', [
    ...['Cholesky', 'CholeskyInverse', 'Det', 'Eig', 'Eigh', 'Inv', 'Logdet', 'Lstsq', 'LuFactor'],
    ...['MatrixRank', 'Pinv', 'Qr', 'Slogdet', 'Solve', 'SolveTriangular', 'SVD'],
    ...[
      'AffineTransform',
      'ConvTranspose',
      'MapCoordinates',
      'PerspectiveTransform',
      'ScaleAndTranslate',
      'SSIM',
    ],
    ...['CTCDecode', 'CTCLoss', 'ISTFT', 'Nanmedian', 'Nanpercentile', 'Nanquantile', 'View'],
  ]),
};

function because(reason: string, names: string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, reason]));
}
