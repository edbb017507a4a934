import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LineCutter } from '#kneser/src/text/line-cutter.js';

test('lines are cut alike, however the text is divided', () =>
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', 'ä', ' ', '\n') }), fc.array(fc.nat(5)), (text, lengths) => {
      const lines: string[] = [];
      const cutter = new LineCutter((bytes, from, to) => lines.push(Buffer.from(bytes.subarray(from, to)).toString()));
      let rest = Buffer.from(text);
      for (const length of [...lengths, Infinity]) {
        cutter.feed(rest.subarray(0, length));
        rest = rest.subarray(length);
      }
      const [last, ...others] = text.split('\n').reverse();
      expect(cutter.unended).toBe(Buffer.byteLength(last));
      cutter.end();
      expect(lines).toEqual(last === '' ? others.reverse() : text.split('\n'));
    }),
  ));
