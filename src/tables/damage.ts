import { KneserError } from '../base/errors.js';

/** The error for a table with values that no version of kneser writes. @param where the store and the table, or a block of it. */
export function damaged(where: string, reason: string): KneserError {
  return new KneserError('KNESER_DAMAGED', `${where} is damaged (${reason}); train the model again`);
}

/** The error for such a table, by the names of the store and the table. */
export function damagedTable(store: string, table: string, reason: string): KneserError {
  return damaged(`${store}: table ${table}`, reason);
}
