import {GRU, GRUCell} from '../../layers/gru.js';
import {Bidirectional, ConvLSTM2D, LSTM, RNN, SimpleRNN} from '../../layers/recurrent.js';
import type {SavedLayer} from '../saved.js';
import {type KerasClass, type KerasClasses, only} from './row.js';

const recurrent: KerasClass = {
  tensors: ['sequences', 'initial_state'],
  masks: 'steps',
  usesMask: 'attached',
};
const batchMajor = {time_major: only(false)};

export const rnn: KerasClasses = {
  Bidirectional: {
    ...recurrent,
    layer: Bidirectional,
    wraps: 'layer',
    refuses: otherBackward,
    holds: ['forward_layer', 'backward_layer'],
  },
  ConvLSTM2D: {...recurrent, layer: ConvLSTM2D, holds: ['cell']},
  GRU: {...recurrent, holds: ['cell'], layer: GRU, options: batchMajor},
  GRUCell: {layer: GRUCell},
  LSTM: {...recurrent, layer: LSTM, holds: ['cell'], options: batchMajor},
  RNN: {...recurrent, layer: RNN, wraps: 'cell', holds: ['cell']},
  SimpleRNN: {...recurrent, layer: SimpleRNN, holds: ['cell'], options: batchMajor},
  StackedRNNCells: {holds: ['cells']},
  TimeDistributed: {wraps: 'layer', holds: ['layer'], masks: 'passes'},
};

/** Whether two layers compute otherwise, the one forward and the other, if there is one, backward. */
function otherBackward({config}: SavedLayer): string | undefined {
  const {layer: forward, backward_layer: backward} = config;
  const computing = ({class_name, config}: SavedLayer) => {
    const entries = Object.entries(config).filter(
      ([key]) => !/^(name|go_backwards|seed)$|_(initializer|regularizer)$/.test(key),
    );
    return JSON.stringify([class_name, entries]);
  };
  if (!backward || computing(forward) === computing(backward)) return undefined;
  return 'in tfjs both ways of a Bidirectional have the same options.';
}
