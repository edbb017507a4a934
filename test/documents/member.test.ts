import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PendingBytes } from '#kneser/src/base/pending-bytes.js';
import { memberText, refuseMember, writeText, writeWithMember } from '#kneser/src/documents/member.js';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function addMember(line: Uint8Array, object: Record<string, unknown>, name: string, json: string): string {
  const out = new PendingBytes();
  if (Object.hasOwn(object, name)) refuseMember(name, () => 'a.jsonl, line 3');
  writeWithMember(out, line, encoder.encode(JSON.stringify(name)), to => writeText(to, json));
  return decoder.decode(out.view());
}

/** JSON texts that JavaScript would write in another way: numbers it cannot hold, escapes, white space. */
const oddValue = fc.oneof(
  fc.constantFrom('1.0', '-0', '1e400', '12345678901234567890', '0.10', '"\\ud800"', '"\\u0041\\/"', '"\\\\"', '""'),
  fc.constantFrom('null', 'true', '[ ]', '{ }', '[1.0,{"a":"}"}]', '{"a":{"b":1.50,"c.d":2}}', '"\\"}],{"', '"é💡"'),
  fc.json(),
);
const space = fc.constantFrom('', ' ', '\t', '\r', '  ');
const oddObject = fc
  .tuple(
    fc.array(fc.tuple(fc.constantFrom('a', 'b', 'a.b', '', '\\u0061', 'é', '__proto__', 'x"'), oddValue, space), {
      maxLength: 5,
    }),
    space,
  )
  .map(([members, end]) => {
    const inner = members
      .map(([name, value, gap]) => `${gap}"${name.replace('"', '\\"')}"${gap}:${value}${gap}`)
      .join(',');
    return `${end}{${inner}${end}}${end}`;
  });

test('a member is added and every other byte stays', () => {
  fc.assert(
    fc.property(oddObject, json => {
      const object = JSON.parse(json) as Record<string, unknown>;
      const added = addMember(encoder.encode(json), object, 'kneser', '{"n":1}');
      const isEmpty = Object.keys(object).length === 0;
      const brace = json.lastIndexOf('}');
      expect(added).toBe(`${json.slice(0, brace)}${isEmpty ? '' : ','}"kneser":{"n":1}${json.slice(brace)}`);
      const parsed = JSON.parse(added) as Record<string, unknown>;
      expect(parsed.kneser).toEqual({ n: 1 });
      expect(Object.keys(parsed)).toEqual([...Object.keys(object), 'kneser']);
    }),
  );
});

test('a member that is there already is not written a second time', () => {
  const add = (): unknown => addMember(encoder.encode('{"k":1}'), { k: 1 }, 'k', '2');
  expect(add).toThrow('a.jsonl, line 3: there is already a member "k"; give the new one another name with as');
});

test('the text of a member is its value as it stands', () => {
  fc.assert(
    fc.property(oddObject, json => {
      const object = JSON.parse(json) as Record<string, unknown>;
      for (const name of ['a', 'b', '', 'é', 'a.b', 'missing', 'x"']) {
        const nested = Object.hasOwn(object, 'a') ? (object.a as { b?: unknown } | null) : undefined;
        const isPath = name === 'a.b' && !Object.hasOwn(object, 'a.b');
        const isObject = typeof nested === 'object' && nested !== null && !Array.isArray(nested);
        const found = memberText(json, name);
        const value = isPath
          ? isObject && Object.hasOwn(nested, 'b')
            ? nested.b
            : undefined
          : Object.hasOwn(object, name)
            ? object[name]
            : undefined;
        expect(found === undefined ? undefined : JSON.parse(found)).toEqual(value);
      }
    }),
  );
  expect(memberText('{"id": 12345678901234567890 , "x":1.0}', 'id')).toBe('12345678901234567890');
  expect(memberText('{"a":{"b": 1.50}}', 'a.b')).toBe('1.50');
  expect(memberText('{"a":1,"a":2.0}', 'a')).toBe('2.0');
});
