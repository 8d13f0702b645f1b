/** A user's own classes, known by the names that Keras saved them under for as long as a model is built. */
import {serialization} from '@tensorflow/tfjs-core';

/** A class of layers; one without a `className` is given the name that it has in `CustomObjects`. */
export type CustomClass = Omit<
  serialization.SerializableConstructor<serialization.Serializable>,
  'className'
> & {className?: string};

/** Classes by the names that Keras saved: `{'Custom>TransformerBlock': TransformerBlock}`. */
export type CustomObjects = Readonly<Record<string, CustomClass>>;

/** What `run` returns at once, with the classes registered until then. @throws Error It is no class. */
export function withCustomObjects<T>(objects: CustomObjects, run: () => T): T {
  const {classNameMap} = serialization.SerializationMap.getMap();
  const before = new Map(Object.keys(objects).map((name) => [name, classNameMap[name]]));
  for (const [name, cls] of Object.entries(objects)) {
    checkClass(name, cls);
    nameClass(name, cls);
  }
  try {
    for (const [name, cls] of Object.entries(objects)) {
      classNameMap[name] = [cls, cls.fromConfig] as (typeof classNameMap)[string];
    }
    return run();
  } finally {
    for (const [name, entry] of before) {
      if (entry) classNameMap[name] = entry;
      else delete classNameMap[name];
    }
  }
}

/** tfjs asks each class for its name, which a class by name in an object may well go without. */
function nameClass(name: string, cls: CustomClass): void {
  if (!Object.hasOwn(cls, 'className')) Object.assign(cls, {className: name});
}

function checkClass(name: string, cls: unknown): void {
  const isClass = typeof cls === 'function' && cls.prototype instanceof serialization.Serializable;
  if (isClass && name && !(name in {})) return;
  throw new Error(
    `customObjects must have classes that extend tf.layers.Layer, or other classes of ` +
      `tf.serialization.Serializable, by their names in Python; "${name}" is not.`,
  );
}
