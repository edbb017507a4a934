/**
 * Makes `JSON.stringify` write the typed arrays of a result as arrays; by default it writes objects with the keys "0", "1" ….
 * It adds the method `toJSON`, which is not enumerable.
 *
 * @returns the same object
 */
export function withJsonArrays<Result extends object>(result: Result): Result {
  return Object.defineProperty(result, 'toJSON', { value: plainForm });
}

function plainForm(this: object): unknown {
  if (ArrayBuffer.isView(this)) return arrayOf(this);
  return Object.fromEntries(
    Object.entries(this).map(([name, value]: [string, unknown]) => [
      name,
      ArrayBuffer.isView(value) ? arrayOf(value) : value,
    ]),
  );
}

function arrayOf(view: ArrayBufferView): number[] {
  return Array.from(view as unknown as ArrayLike<number>);
}
