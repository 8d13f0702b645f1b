/** A layer in the config of another, as tfjs saves it. */
import {serialization} from '@tensorflow/tfjs-core';
import type {layers} from '@tensorflow/tfjs-layers';

export interface SavedClass extends serialization.ConfigDict {
  className: string;
  config: serialization.ConfigDict;
}

/** @throws Error No class is registered under its name. `holder`: whose layer it is. */
export function layerOf({className, config}: SavedClass, holder: string): layers.Layer {
  const {classNameMap} = serialization.SerializationMap.getMap();
  if (!Object.hasOwn(classNameMap, className)) {
    throw new Error(
      `${holder}: the class ${className} must be registered first, by ` +
        'tf.serialization.registerClass.',
    );
  }
  const [cls, fromConfig] = classNameMap[className];
  return fromConfig(cls, config) as layers.Layer;
}
