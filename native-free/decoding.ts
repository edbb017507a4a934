/**
 * Finds the words in the output of a speech or handwriting recognizer, with a loaded model.
 *
 * @packageDocumentation
 */
export * from '../src/decoding/exports.js';
