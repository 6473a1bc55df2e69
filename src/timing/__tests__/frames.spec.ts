import { deflateSync, inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { FrameReader, type FramePart } from '../frames';

type Item =
  { readonly print: Uint8Array } | { readonly message: unknown; readonly pieceBytes: number };

/** What the step program's supervisor does: see `src/runtime/notepod_pod.py`. */
function written(items: readonly Item[]): { readonly bytes: Buffer; readonly frames: Buffer[] } {
  const out: Buffer[] = [];
  const frames: Buffer[] = [];
  let atLineStart = true;
  for (const item of items) {
    if ('print' in item) {
      for (const byte of item.print) {
        out.push(Buffer.from(atLineStart && byte === 0x1e ? [byte, byte] : [byte]));
        atLineStart = byte === 10;
      }
      continue;
    }
    const packed = deflateSync(JSON.stringify(item.message));
    for (let at = 0; at < packed.length; at += item.pieceBytes) {
      const join = atLineStart ? '-' : '~';
      const flag = at + item.pieceBytes < packed.length ? '+' : '.';
      const piece = packed.subarray(at, at + item.pieceBytes).toString('base64');
      const frame = Buffer.from(`\x1enp ${frames.length} ${flag} ${join} ${piece}\n`);
      out.push(atLineStart ? Buffer.alloc(0) : Buffer.from('\n'), frame);
      frames.push(frame);
      atLineStart = true;
    }
  }
  return { bytes: Buffer.concat(out), frames };
}

function read(bytes: Uint8Array, cuts: readonly number[]): FramePart[] {
  const reader = new FrameReader(each => inflateSync(each));
  const ends = [...new Set(cuts.map(each => each % (bytes.length + 1)))].sort((a, b) => a - b);
  const parts: FramePart[] = [];
  let from = 0;
  for (const end of [...ends, bytes.length]) {
    parts.push(...reader.read(bytes.subarray(from, end)));
    from = end;
  }
  return [...parts, ...reader.end()];
}

const textOf = (parts: readonly FramePart[]) =>
  Buffer.concat(parts.flatMap(each => (each.type === 'text' ? [each.bytes] : []))).toString('hex');

/** Bytes with many newlines and marks among them. */
const print = fc
  .array(fc.oneof(fc.constantFrom(10, 0x1e, 0x6e, 0x70), fc.integer({ min: 0, max: 255 })), {
    maxLength: 40
  })
  .map(bytes => ({ print: Uint8Array.from(bytes) }));
const message = fc.record({
  message: fc.jsonValue().map(value => ({ r: value })),
  pieceBytes: fc.integer({ min: 1, max: 2900 })
});
const cuts = fc.array(fc.nat(), { maxLength: 12 });

test('text and messages come back, however they are mixed and cut', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(print, message), { maxLength: 12 }), cuts, (items, at) => {
      const parts = read(written(items).bytes, at);
      const printed = items.flatMap(each => ('print' in each ? [each.print] : []));
      expect(textOf(parts)).toBe(Buffer.concat(printed).toString('hex'));
      expect(parts.flatMap(each => (each.type === 'message' ? [each.message] : []))).toEqual(
        items.flatMap(each =>
          'message' in each ? [JSON.parse(JSON.stringify(each.message)) as unknown] : []
        )
      );
      expect(parts.filter(each => each.type === 'gap')).toEqual([]);
    })
  );
});

test('a log that begins later tells what is missing, and gives the messages that are whole', () => {
  fc.assert(
    fc.property(fc.array(message, { minLength: 2, maxLength: 8 }), fc.nat(), (items, which) => {
      const { frames } = written(items);
      const from = 1 + (which % (frames.length - 1));
      const parts = read(Buffer.concat(frames.slice(from)), []);
      expect(parts[0]).toEqual({ type: 'gap', from: 0, to: from });
      const whole = parts.flatMap(each => (each.type === 'message' ? [each.message] : []));
      expect(items.map(each => JSON.parse(JSON.stringify(each.message)) as unknown)).toEqual(
        expect.arrayContaining(whole)
      );
      expect(parts.filter(each => each.type === 'gap')).toHaveLength(1);
    })
  );
});
