/**
 * An ONNX model of one node, `LayerNormalization` of opset 17 or onnxruntime's own
 * `SkipLayerNormalization`, as the bytes of a file.
 *
 * ONNX files are Protocol Buffers; the few messages needed are written here by hand. Each field is
 * a key (its number and how it is coded) and a value. The numbers are those of onnx.proto3.
 */

import type {Kind} from '../types.js';

const FLOAT = 1; // TensorProto.DataType.FLOAT and AttributeProto.AttributeType.FLOAT
const INT = 2; // AttributeProto.AttributeType.INT

/** The domain of the operators that onnxruntime has beside those of ONNX. */
const MICROSOFT = 'com.microsoft';

/**
 * A model with the inputs x, gamma and beta, and the output y; for `sum` also with the input residual
 * and the output sum. The statistics are over the last dimension.
 *
 * @param shape the shape of x
 */
export function modelFor(kind: Kind, shape: number[], epsilon: number): Uint8Array<ArrayBuffer> {
  const cols = shape.slice(-1);
  const epsilonOf = bytes(5, message(text(1, 'epsilon'), float(2, epsilon), integer(20, FLOAT)));
  const [node, domain, version] =
    kind === 'sum'
      ? [skipLayerNormalization(epsilonOf), MICROSOFT, 1]
      : [layerNormalization(epsilonOf), '', 17];
  const whole = kind === 'sum' ? ['x', 'residual'] : ['x'];
  const graph = message(
    bytes(1, node),
    text(2, 'layer_norm'), // name
    ...whole.map((name) => bytes(11, valueInfo(name, shape))), // input
    bytes(11, valueInfo('gamma', cols)),
    bytes(11, valueInfo('beta', cols)),
    ...(kind === 'sum' ? ['y', 'sum'] : ['y']).map((name) => bytes(12, valueInfo(name, shape))),
  );
  const opset = message(text(1, domain), integer(2, version));
  return Uint8Array.from(message(integer(1, 8), bytes(7, graph), bytes(8, opset)));
}

/** NodeProto */
function layerNormalization(epsilon: number[]): number[] {
  return message(
    ...['x', 'gamma', 'beta'].map((name) => text(1, name)), // input
    text(2, 'y'), // output
    text(4, 'LayerNormalization'), // op_type
    bytes(5, message(text(1, 'axis'), integer(3, -1), integer(20, INT))), // attribute
    epsilon,
  );
}

/** NodeProto of an operator with two outputs between ours, the mean and rstd, which are left out. */
function skipLayerNormalization(epsilon: number[]): number[] {
  return message(
    ...['x', 'residual', 'gamma', 'beta'].map((name) => text(1, name)), // input
    ...['y', '', '', 'sum'].map((name) => text(2, name)), // output
    text(4, 'SkipLayerNormalization'), // op_type
    epsilon,
    text(7, MICROSOFT), // domain
  );
}

/** ValueInfoProto: a name with a type, here a float tensor of a shape. */
function valueInfo(name: string, shape: number[]): number[] {
  const dimensions = shape.map((size) => bytes(1, message(integer(1, size)))); // dim_value
  const tensor = message(integer(1, FLOAT), bytes(2, message(...dimensions))); // elem_type, shape
  return message(text(1, name), bytes(2, message(bytes(1, tensor))));
}

function message(...fields: number[][]): number[] {
  return fields.flat();
}

/** A field of given length: a string, or a message within a message. */
function bytes(field: number, contents: number[]): number[] {
  return [...varint((field << 3) | 2), ...varint(contents.length), ...contents];
}

function text(field: number, value: string): number[] {
  return bytes(field, [...new TextEncoder().encode(value)]);
}

function integer(field: number, value: number): number[] {
  return [...varint(field << 3), ...varint(value)];
}

function float(field: number, value: number): number[] {
  return [...varint((field << 3) | 5), ...new Uint8Array(new Float32Array([value]).buffer)];
}

/** Seven bits to a byte, lowest first; negative numbers as two's complement of 64 bits. */
function varint(value: number): number[] {
  let rest = BigInt.asUintN(64, BigInt(value));
  const result: number[] = [];
  do {
    const low = Number(rest & 127n);
    rest >>= 7n;
    result.push(rest ? low | 128 : low);
  } while (rest);
  return result;
}
