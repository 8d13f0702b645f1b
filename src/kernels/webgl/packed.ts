/**
 * How the `webgl` kernels see tensors: as grids of texels, each of two rows by two columns, and how
 * a program over such grids is run.
 *
 * x [..., rows, cols] is taken as [1, batch, rows, cols], which for a packed texture costs nothing:
 * tfjs pairs rows within the last two dimensions. Four dimensions, as tfjs makes a shader of its own
 * for three whose first, a batch of one, is 1. All sizes are uniforms: a new length or batch compiles no shader.
 *
 * Where a texture is as wide as its grid, a texel's place is its coordinates; else it is found by
 * division, which costs a third of the time on a software renderer.
 */
import type {MathBackendWebGL} from '@tensorflow/tfjs-backend-webgl';
import * as tf from '@tensorflow/tfjs-core';

type Program = Parameters<MathBackendWebGL['runWebGLProgram']>[0];
type UniformType = 'int' | 'ivec2' | 'ivec3' | 'ivec4' | 'float' | 'vec2';

/** The rows and columns of x, as texels see them. */
export interface Layout {
  batch: number;
  /** Rows in each batch: the last two dimensions of x are [rows, cols]. */
  rows: number;
  cols: number;
  /** The pairs in all batches together; an odd number of rows leaves half of each batch's last pair empty. */
  rowPairs: number;
  colPairs: number;
}

/** A packed tensor, read as `height` by `width` texels, row-major. */
export interface Grid {
  tensor: tf.TensorInfo;
  height: number;
  width: number;
}

/** A program without its sizes. */
export interface Source {
  /** The names of the inputs; the code reads each by `<name>_at(row, column, width)`. */
  inputs: string[];
  uniforms: {name: string; type: UniformType}[];
  /** GLSL; `place(width)` is the (row, column) of the output's texel. */
  code: string;
}

export function layoutOf({shape}: tf.TensorInfo): Layout {
  const cols = shape[shape.length - 1];
  const rows = shape.length > 1 ? shape[shape.length - 2] : 1;
  const batch = shape.slice(0, -2).reduce((product, size) => product * size, 1);
  return {
    batch,
    rows,
    cols,
    rowPairs: batch * Math.ceil(rows / 2),
    colPairs: Math.ceil(cols / 2),
  };
}

/** The inputs and intermediates of one call of a kernel. */
export class Packed {
  private readonly temporary: tf.TensorInfo[] = [];

  /** @throws Error The context was lost: tfjs would go on, and wait for ever for what it reads. */
  constructor(private readonly backend: MathBackendWebGL) {
    if (backend.gpgpu.gl.isContextLost()) {
      throw new Error(
        "tfjs-layernorm: the backend 'webgl' has lost its context, and with it all its tensors. " +
          'Remove the backend, register it and set it again.',
      );
    }
  }

  /** A tensor with the rows of x and some columns: x, dy, or [rows, 2]. */
  rows(tensor: tf.TensorInfo, {batch, rows, rowPairs}: Layout, cols: number): Grid {
    const packed = this.pack(tensor, [1, batch, rows, cols]);
    return {tensor: packed, height: rowPairs, width: Math.ceil(cols / 2)};
  }

  /** A tensor of shape [cols]. */
  vector(tensor: tf.TensorInfo, {cols, colPairs}: Layout): Grid {
    return {tensor: this.pack(tensor, [cols]), height: 1, width: colPairs};
  }

  /** Runs a program whose output has the rows of x and `cols` columns. */
  runRows(
    source: Source,
    inputs: Grid[],
    values: number[][],
    {batch, rows, rowPairs}: Layout,
    cols: number,
  ): Grid {
    const [height, width] = [rowPairs, Math.ceil(cols / 2)];
    return this.run(source, inputs, values, {shape: [1, batch, rows, cols], height, width});
  }

  /** Runs a program whose output is of `height` by `width` texels. */
  run(
    source: Source,
    inputs: Grid[],
    values: number[][],
    output: {shape: number[]; height: number; width: number},
  ): Grid {
    const {shape, height, width} = output;
    const limit = tf.env().getNumber('WEBGL_MAX_TEXTURE_SIZE');
    const mayBeDirect =
      height <= limit && width <= limit && inputs.every((input) => this.isDirect(input));
    const run = (direct: boolean): Grid => {
      const program = new LayerNormProgram(source, shape, direct);
      const tensors = inputs.map((input) => input.tensor);
      // Unpacked at once, each output would be packed again by the next program.
      const keepPacked = true;
      const tensor = this.backend.runWebGLProgram(program, tensors, 'float32', values, keepPacked);
      return {tensor, height, width};
    };
    const result = run(mayBeDirect);
    if (!mayBeDirect || this.isDirect(result)) return result;
    // tfjs gave the output a texture of another shape, as flags for narrow textures can have it do.
    this.backend.disposeIntermediateTensorInfo(result.tensor);
    return run(false);
  }

  /** Marks a program's output as an intermediate one. */
  temporarily(grid: Grid): Grid {
    this.temporary.push(grid.tensor);
    return grid;
  }

  /** Disposes of all intermediates. */
  dispose(): void {
    for (const tensor of this.temporary) this.backend.disposeIntermediateTensorInfo(tensor);
  }

  private isDirect({tensor, height, width}: Grid): boolean {
    const {texShape} = this.backend.texData.get(tensor.dataId);
    return texShape?.every((size, i) => Math.ceil(size / 2) === [height, width][i]) ?? false;
  }

  /** Packed once here, as tfjs would pack an input again for every program that reads it. */
  private pack(tensor: tf.TensorInfo, shape: number[]): tf.TensorInfo {
    const {backend} = this;
    const data = backend.texData.get(tensor.dataId);
    const view = {dataId: tensor.dataId, shape, dtype: tensor.dtype};
    if (data.texture == null) {
      data.isPacked = true;
      data.shape = shape;
      backend.uploadToGPU(tensor.dataId);
      return view;
    }
    const packed = data.isPacked
      ? reshape(backend, {...view, shape: data.shape}, shape)
      : backend.packTensor(view);
    this.temporary.push(packed);
    return packed;
  }
}

/** tfjs's own: the same texture under another shape where that is possible, else a new one. */
function reshape(backend: MathBackendWebGL, x: tf.TensorInfo, shape: number[]): tf.TensorInfo {
  const kernel = tf.getKernel('Reshape', 'webgl').kernelFunc;
  return kernel({inputs: {x}, attrs: {shape}, backend}) as tf.TensorInfo;
}

/** Named, as tfjs's profiler shows the name. */
class LayerNormProgram implements Program {
  readonly variableNames: string[];
  readonly customUniforms: Source['uniforms'];
  readonly userCode: string;
  readonly packedInputs = true;
  readonly packedOutput = true;
  readonly enableShapeUniforms = true;

  constructor(
    source: Source,
    readonly outputShape: number[],
    direct: boolean,
  ) {
    this.variableNames = source.inputs;
    this.customUniforms = source.uniforms;
    const readers = source.inputs.map((name) => reader(name, direct));
    this.userCode = [place(direct), ...readers, source.code].join('\n');
  }
}

function place(direct: boolean): string {
  if (direct) return 'ivec2 place(int width) { return ivec2(gl_FragCoord.yx); }';
  return `
    ivec2 place(int width) {
      ivec2 texel = ivec2(gl_FragCoord.xy);
      int index = texel.y * ((outTexShape[1] + 1) / 2) + texel.x;
      int row = index / width;
      return ivec2(row, index - row * width);
    }`;
}

function reader(name: string, direct: boolean): string {
  if (direct) {
    return `
    vec4 ${name}_at(int row, int column, int width) {
      return texelFetch(${name}, ivec2(column, row), 0);
    }`;
  }
  return `
    vec4 ${name}_at(int row, int column, int width) {
      int texWidth = (${name}TexShape[1] + 1) / 2;
      int index = row * width + column;
      int y = index / texWidth;
      return texelFetch(${name}, ivec2(index - y * texWidth, y), 0);
    }`;
}
