import { KneserError } from '../base/errors.js';

/** The error for a table that no kneser wrote. @param where names the store and the table, or a block of it. */
export function damaged(where: string, reason: string): KneserError {
  return new KneserError('KNESER_DAMAGED', `${where} is damaged (${reason}); train the model again`);
}

/** The same for a table of a store. */
export function damagedTable(store: string, table: string, reason: string): KneserError {
  return damaged(`${store}: table ${table}`, reason);
}
