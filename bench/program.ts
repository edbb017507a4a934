import { fileURLToPath } from 'node:url';

/** The path of the program `kneser`, as it is built. */
export const PROGRAM = fileURLToPath(new URL('../node/main.js', import.meta.url));
