/** What `kernels/<backend>/index.ts` exports: all that `register.ts` needs to know of a backend. */
import type {DataId, TensorInfo, TypedArray} from '@tensorflow/tfjs-core';
import type {Kernels} from './contract.js';

/** A backend of tfjs for which there are fused kernels. `Backend` is the class of its instances. */
export interface FusedBackend<Backend> {
  /** The name under which tfjs registers it. */
  name: string;
  /**
   * Whether its kernels serve a backend that is registered under another name, as React Native's
   * `rn-webgl` is: an instance of the same class or of a subclass.
   */
  includes?(backend: object): boolean;
  /** Its kernels. For one that it lacks, the default in `composed` serves. */
  kernels: Partial<Kernels<Backend>>;
  /**
   * What keeps the kernels from running on a backend; undefined where nothing does. It is asked of
   * the instance, or of null where the backend is not set up, before each call.
   */
  obstacle?(backend: Backend | null): Obstacle | undefined;
  /** The backend in the form that the kernels of `cpu` take, so that they can stand in. */
  onHost?(backend: Backend): HostBackend;
  /** Whether the backend would rather compute with these inputs on the host: then `onHost` serves. */
  prefersHost?(backend: Backend, inputs: TensorInfo[]): boolean;
}

/** Why a backend's fused kernels cannot run, and what stands in for them. */
export interface Obstacle {
  /** For the notice; it stands in parentheses. */
  reason: string;
  /** `composed`: several ops of tfjs. `cpu`: the kernels of `cpu`, by way of `onHost`. */
  standIn: 'composed' | 'cpu';
  /** What the user can do about it: whole sentences. */
  advice?: string;
  /** For the notice: what values the stand-in gives, where they may be others. */
  values?: string;
}

/** What the kernels of `cpu` need of a backend: `cpu` itself, or another's tensors on the host. */
export interface HostBackend {
  data: {get(dataId: DataId): {values?: unknown}};
  makeTensorInfo(shape: number[], dtype: 'float32', values: TypedArray): TensorInfo;
}
