import {ConvLSTM1D, ConvLSTM2D, ConvLSTM3D} from '../../layers/conv_lstm.js';
import {GRU, GRUCell} from '../../layers/gru.js';
import {Bidirectional, LSTM, RNN, SimpleRNN} from '../../layers/recurrent.js';
import {TimeDistributed} from '../../layers/time_distributed.js';
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
    holds: ['forward_layer', 'backward_layer'],
  },
  ConvLSTM1D: {...recurrent, layer: ConvLSTM1D, holds: ['cell']},
  ConvLSTM2D: {...recurrent, layer: ConvLSTM2D, holds: ['cell']},
  ConvLSTM3D: {...recurrent, layer: ConvLSTM3D, holds: ['cell']},
  GRU: {...recurrent, holds: ['cell'], layer: GRU, options: batchMajor},
  GRUCell: {layer: GRUCell},
  LSTM: {...recurrent, layer: LSTM, holds: ['cell'], options: batchMajor},
  RNN: {...recurrent, layer: RNN, wraps: 'cell', holds: ['cell']},
  SimpleRNN: {...recurrent, layer: SimpleRNN, holds: ['cell'], options: batchMajor},
  StackedRNNCells: {holds: ['cells']},
  TimeDistributed: {
    layer: TimeDistributed,
    wraps: 'layer',
    holds: ['layer'],
    masks: {'2.0': 'inner', '3.0': 'passes'},
    usesMask: 'inner',
  },
};
