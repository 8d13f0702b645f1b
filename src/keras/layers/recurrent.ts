/**
 * tfjs's recurrent layers, each call of which has its arguments for itself. tfjs hands all layers of a
 * model one and the same object of arguments, in which a layer with initial states leaves them: the
 * next recurrent layer then takes them for its own, or throws. These classes take the built-ins'
 * places, and do nothing else.
 */
import {layers} from '@tensorflow/tfjs-layers';

type Apply = layers.Layer['apply'];

// biome-ignore lint/suspicious/noExplicitAny: a mixin's base must take any arguments
type Base = (new (...args: any[]) => layers.Layer) & {fromConfig: typeof layers.Layer.fromConfig};

/** A layer's class whose calls do not see what the calls of other layers leave in their arguments. */
export function withOwnArguments<T extends Base>(Built: T): T {
  return class extends Built {
    override apply(inputs: Parameters<Apply>[0], kwargs?: Parameters<Apply>[1]): ReturnType<Apply> {
      if (!Array.isArray(inputs)) return super.apply(inputs, {...kwargs});
      // The states come in the list: others can be none of this call.
      const {initialState: _, constants: __, ...own} = kwargs ?? {};
      return super.apply(inputs, own);
    }
  };
}

// tfjs exports factories, but not their classes.
const classOf = (layer: layers.Layer) => layer.constructor as Base;
const cell = () => layers.simpleRNNCell({units: 1});
const units = {units: 1};

export class LSTM extends withOwnArguments(classOf(layers.lstm(units))) {
  /** @nocollapse */
  static className = 'LSTM';
}

export class SimpleRNN extends withOwnArguments(classOf(layers.simpleRNN(units))) {
  /** @nocollapse */
  static className = 'SimpleRNN';
}

export class RNN extends withOwnArguments(classOf(layers.rnn({cell: cell()}))) {
  /** @nocollapse */
  static className = 'RNN';
}

export class ConvLSTM2D extends withOwnArguments(
  classOf(layers.convLstm2d({filters: 1, kernelSize: 1})),
) {
  /** @nocollapse */
  static className = 'ConvLSTM2D';
}

export class Bidirectional extends withOwnArguments(
  classOf(layers.bidirectional({layer: layers.simpleRNN(units), mergeMode: 'concat'})),
) {
  /** @nocollapse */
  static className = 'Bidirectional';
}
