/** The layers of KerasHub. Importing this lets `loadKerasModel` open the models that have them. */
import {registerHubLayers} from './register.js';

registerHubLayers();

export {FNetEncoder} from './f_net_encoder.js';
export {MaskedLMHead} from './masked_lm_head.js';
export {PositionEmbedding} from './position_embedding.js';
export {RotaryEmbedding} from './rotary_embedding.js';
export {SinePositionEncoding} from './sine_position_encoding.js';
export {TokenAndPositionEmbedding} from './token_and_position_embedding.js';
export {TransformerDecoder} from './transformer_decoder.js';
export {TransformerEncoder} from './transformer_encoder.js';
export {ViTEncoder} from './vit_encoder.js';
export {ViTPatchingAndEmbedding} from './vit_patching_and_embedding.js';
