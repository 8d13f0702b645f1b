/**
 * Asks Keras about models that came out wrong. What a model was drawn to predict is not always in its
 * file: some versions of Keras do not save an option, or read it otherwise, and a few layers give other
 * numbers compiled than not. And where a number decides between two answers, its last binary place, in
 * which no two libraries agree, may turn one into the other.
 */
import path from 'node:path';
import {type Outcome, openAgainst} from './keras_case.js';
import type {ModelAuditor} from './keras_python.js';

/** What became of a file, as Keras's own reading of it explains. */
export type Audited = Omit<Outcome, 'status'> & {
  /**
   * `as Keras reads it`: Keras predicts our numbers once it has opened its file again, eagerly or
   * compiled.
   * `ill-conditioned`: Keras's numbers move as far as ours are off where inputs, weights and
   * what each layer gives move by their last binary place.
   */
  status: Outcome['status'] | 'as Keras reads it' | 'ill-conditioned';
};

/** Explains an outcome that is `wrong`, if Keras can; any other stays as it is. */
export async function audited(
  auditor: ModelAuditor,
  folder: string,
  format: string,
  outcome: Outcome,
): Promise<Audited> {
  if (outcome.status !== 'wrong') return outcome;
  const audit = await auditor.audit(path.basename(folder), format);
  if ('cause' in audit) return {...outcome, detail: `${outcome.detail} (${audit.cause})`};
  const again: Outcome[] = [];
  for (const reading of audit.readings) again.push(await openAgainst(folder, format, reading));
  const texts = again.map(({detail}) => detail).join(' and ');
  const detail = `${outcome.detail}, once opened again ${texts}`;
  if (again.some(({status}) => status === 'agrees' || status === 'near')) {
    return {status: 'as Keras reads it', detail};
  }
  const off = [outcome, ...again].map(({error = Number.POSITIVE_INFINITY}) => error);
  const status = audit.noise >= Math.min(...off) ? 'ill-conditioned' : 'wrong';
  return {status, detail: `${detail}; noise moves Keras by ${audit.noise.toExponential(1)}`};
}
