import {layers} from '@tensorflow/tfjs-layers';
import type {Activation} from '@tensorflow/tfjs-layers/dist/activations.js';

export type {Activation};

/** What an option `activation` may be: the name of one, an object, or its config. */
export type ActivationOption = Parameters<typeof layers.activation>[0]['activation'] | null;

const {activation: builtIn} = layers;

/**
 * The activation of an option; none is the identity. tfjs does not export the function that does so,
 * but its layer `activation` has the option.
 *
 * @throws Error An activation of an unknown name.
 */
export function resolveActivation(option: ActivationOption | undefined): Activation {
  const helper = builtIn({activation: option ?? 'linear', name: 'activation_option'});
  return (helper as unknown as {activation: Activation}).activation;
}
