/**
 * An ONNX model of one node, `LayerNormalization` of opset 17, as the bytes of a file.
 *
 * ONNX files are Protocol Buffers; the few messages needed are written here by hand. Each field is
 * a key (its number and how it is coded) and a value. The numbers are those of onnx.proto3.
 */

const FLOAT = 1; // TensorProto.DataType.FLOAT and AttributeProto.AttributeType.FLOAT
const INT = 2; // AttributeProto.AttributeType.INT

/**
 * Inputs x, gamma, beta; output y. The statistics are over the last dimension.
 *
 * @param {number[]} shape of x
 * @returns {Uint8Array}
 */
export function layerNormModel(shape, epsilon) {
  const cols = shape.slice(-1);
  const node = message(
    ...['x', 'gamma', 'beta'].map((name) => text(1, name)), // input
    text(2, 'y'), // output
    text(4, 'LayerNormalization'), // op_type
    bytes(5, message(text(1, 'axis'), integer(3, -1), integer(20, INT))), // attribute
    bytes(5, message(text(1, 'epsilon'), float(2, epsilon), integer(20, FLOAT))),
  );
  const graph = message(
    bytes(1, node),
    text(2, 'layer_norm'), // name
    bytes(11, valueInfo('x', shape)), // input
    bytes(11, valueInfo('gamma', cols)),
    bytes(11, valueInfo('beta', cols)),
    bytes(12, valueInfo('y', shape)), // output
  );
  const opset = message(text(1, ''), integer(2, 17)); // domain, version
  return Uint8Array.from(message(integer(1, 8), bytes(7, graph), bytes(8, opset)));
}

/** ValueInfoProto: a name with a type, here a float tensor of a shape. */
function valueInfo(name, shape) {
  const dimensions = shape.map((size) => bytes(1, message(integer(1, size)))); // dim_value
  const tensor = message(integer(1, FLOAT), bytes(2, message(...dimensions))); // elem_type, shape
  return message(text(1, name), bytes(2, message(bytes(1, tensor))));
}

function message(...fields) {
  return fields.flat();
}

/** Of length given: strings and messages within messages. */
function bytes(field, contents) {
  return [...varint((field << 3) | 2), ...varint(contents.length), ...contents];
}

function text(field, value) {
  return bytes(field, [...new TextEncoder().encode(value)]);
}

function integer(field, value) {
  return [...varint(field << 3), ...varint(value)];
}

function float(field, value) {
  return [...varint((field << 3) | 5), ...new Uint8Array(new Float32Array([value]).buffer)];
}

/** Seven bits to a byte, lowest first; negative numbers as two's complement of 64 bits. */
function varint(value) {
  let rest = BigInt.asUintN(64, BigInt(value));
  const result = [];
  do {
    const low = Number(rest & 127n);
    rest >>= 7n;
    result.push(rest ? low | 128 : low);
  } while (rest);
  return result;
}
