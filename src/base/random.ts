/**
 * Pseudo-random numbers, the same on every run and in every JavaScript engine: the generator sfc32 (C. Doty-Humphrey,
 * PractRand), which passes its statistical tests and has a period of about 2^127. Not for cryptography.
 *
 * @param seed a whole number up to 2^53.
 * @param stream a whole number: each gives another, independent sequence for the same seed.
 * @returns a function that gives the next number of the sequence, at least 0 and below 1, in steps of 2^-32.
 */
export function randomNumbers(seed: number, stream = 0): () => number {
  let a = stream | 0;
  let b = seed | 0;
  let c = Math.floor(seed / 2 ** 32) | 0;
  let counter = 1;
  const next = (): number => {
    const mixed = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + mixed;
    return (mixed >>> 0) / 2 ** 32;
  };
  // The first 15 numbers are skipped: small seeds differ in a few bits only, and their sequences are alike at first.
  for (let i = 0; i < 15; i++) next();
  return next;
}
