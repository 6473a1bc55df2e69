import fc from 'fast-check';
import { editNotebook } from '../write';

const cell = fc.record({
  cell_type: fc.constantFrom('code', 'markdown'),
  id: fc.stringMatching(/^[a-z]{1,8}$/),
  metadata: fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), fc.jsonValue(), { maxKeys: 3 }),
  outputs: fc.array(fc.jsonValue(), { maxLength: 2 }),
  source: fc.oneof(fc.string(), fc.array(fc.string()))
});
interface Notebook {
  readonly cells: readonly {
    readonly outputs: unknown;
    readonly metadata: Record<string, unknown>;
  }[];
  readonly metadata: unknown;
}

const notebook = fc
  .record({
    notebook: fc.record({
      cells: fc.array(cell, { minLength: 1, maxLength: 4 }),
      metadata: fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 3 }),
      nbformat: fc.constant(4)
    }),
    indent: fc.constantFrom(undefined, 1, 2, 4),
    end: fc.constantFrom('', '\n')
  })
  .map(each => ({ ...each, text: JSON.stringify(each.notebook, null, each.indent) + each.end }));

test('no edits give the same bytes', () => {
  fc.assert(fc.property(notebook, ({ text }) => editNotebook(text, []) === text));
});

test('an edit changes what it says, and giving the old tags and outputs back gives the old text', () => {
  fc.assert(
    fc.property(notebook, fc.array(fc.string()), ({ text }, tags) => {
      const before = JSON.parse(text) as Notebook;
      const edited = editNotebook(text, [{ cell: 0, tags, outputs: [] }]);
      const after = JSON.parse(edited) as Notebook;
      const first = before.cells[0];
      expect(after.cells[0].outputs).toEqual([]);
      expect(after.cells[0].metadata.tags).toEqual(tags.length > 0 ? tags : first.metadata.tags);
      expect(after.cells.slice(1)).toEqual(before.cells.slice(1));
      expect(after.metadata).toEqual(before.metadata);
    })
  );
});

test('numbers, escapes and key order outside of the edit stay as they are', () => {
  const text =
    '{"z": 1.0, "cells": [{"source": "\\u00e9", "outputs": [1e5], "metadata": {}, "cell_type": "code"}], "a": 12345678901234567890}';
  expect(editNotebook(text, [{ cell: 0, tags: ['step:a'] }])).toBe(
    '{"z": 1.0, "cells": [{"source": "\\u00e9", "outputs": [1e5], "metadata": {"tags": ["step:a"]}, "cell_type": "code"}], "a": 12345678901234567890}'.replace(
      '["step:a"]',
      JSON.stringify(['step:a'])
    )
  );
});

/** How a file may be written. */
const styles = fc.record({
  indent: fc.constantFrom(undefined, ' ', '  ', '    ', '\t'),
  newline: fc.constantFrom('\n', '\r\n'),
  compact: fc.boolean(),
  end: fc.constantFrom('', '\n', '\n\n'),
  start: fc.constantFrom('', '\ufeff')
});
type Style = typeof styles extends fc.Arbitrary<infer T> ? T : never;

/** JSON whose numbers and texts JavaScript would write in another way. */
type Written =
  | { readonly raw: string }
  | { readonly list: readonly Written[] }
  | { readonly object: readonly (readonly [string, Written])[] };
const { value: written } = fc.letrec<{ value: Written }>(tie => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc
      .constantFrom(
        ...['1.0', '1e400', '-0', '12345678901234567890', '1E5', '0.10', 'true', 'null', '-1.5e-7'],
        ...[
          '"a"',
          '"\\u00e9"',
          '"é"',
          '"\\/"',
          '"\\ud83d\\ude00"',
          '"😀"',
          '"\\u0041"',
          '"a\\"}]"',
          '"\\\\"'
        ]
      )
      .map(raw => ({ raw })),
    fc.array(tie('value'), { maxLength: 3 }).map(list => ({ list })),
    fc
      .uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'tagz', 'zz', '{', 'cells'), tie('value')), {
        selector: ([key]) => key,
        maxLength: 3
      })
      .map(object => ({ object }))
  )
}));

/** The text of a value; `#0#`, `#1#` … in it are left for others to fill. */
function write(value: Written, depth: number, style: Style): string {
  const line = (at: number) =>
    style.indent === undefined ? '' : style.newline + style.indent.repeat(at);
  const gap = style.indent === undefined && !style.compact ? ', ' : ',';
  const around = (parts: readonly string[], open: string, close: string) =>
    parts.length === 0
      ? open + close
      : open + parts.map(part => line(depth + 1) + part).join(gap) + line(depth) + close;
  if ('raw' in value) {
    return value.raw;
  }
  return 'list' in value
    ? around(
        value.list.map(each => write(each, depth + 1, style)),
        '[',
        ']'
      )
    : around(
        value.object.map(
          ([key, each]) =>
            `${JSON.stringify(key)}:${style.compact ? '' : ' '}${write(each, depth + 1, style)}`
        ),
        '{',
        '}'
      );
}

const raw = (text: string): Written => ({ raw: text });
const extras = fc.uniqueArray(fc.tuple(fc.constantFrom('extra', 'a', 'zz'), written), {
  selector: ([key]) => key,
  maxLength: 2
});

/** A notebook of three cells with holes for the metadata and the outputs of the second. */
const files = fc
  .record({ style: styles, extra: extras, cellExtra: extras, before: written, after: written })
  .map(({ style, extra, cellExtra, before, after }) => {
    const cell = (metadata: Written, outputs: Written): Written => ({
      object: [
        ['cell_type', raw('"code"')],
        ...cellExtra,
        ['metadata', metadata],
        ['outputs', outputs],
        ['source', raw('"x"')]
      ]
    });
    const notebook: Written = {
      object: [
        [
          'cells',
          {
            list: [
              cell({ object: [] }, before),
              cell(raw('#0#'), raw('#1#')),
              cell({ object: [] }, after)
            ]
          }
        ],
        ...extra,
        ['metadata', { object: [['u', before]] }],
        ['nbformat', raw('4')]
      ]
    };
    return { style, text: style.start + write(notebook, 0, style) + style.end };
  });
const tagLists = fc.array(fc.constantFrom('step:a', 'é', 'a"b', '\\', '😀', ''), { maxLength: 3 });

test('whatever way a file is written, no change is no byte', () => {
  fc.assert(
    fc.property(files, written, tagLists, ({ text, style }, other, tags) => {
      const metadata: Written = {
        object: [
          ['other', other],
          ['tags', { list: tags.map(tag => raw(JSON.stringify(tag))) }]
        ]
      };
      const file = text.replace('#0#', () => write(metadata, 3, style)).replace('#1#', '[]');
      expect(editNotebook(file, [])).toBe(file);
      expect(editNotebook(file, [{ cell: 1, tags, outputs: [] }])).toBe(file);
    })
  );
});

test('new tags change the bytes of the tags, and are written as the file is', () => {
  fc.assert(
    fc.property(files, written, tagLists, tagLists, ({ text, style }, other, old, tags) => {
      const metadataWith = (list: readonly string[]): string =>
        write(
          {
            object: [
              ['other', other],
              ['tags', { list: list.map(tag => raw(JSON.stringify(tag))) }]
            ]
          },
          3,
          style
        );
      const filled = (list: readonly string[]) =>
        text.replace('#0#', () => metadataWith(list)).replace('#1#', '[1e400]');
      const edited = editNotebook(filled(old), [{ cell: 1, tags }]);
      const escaped =
        /\\u[0-9a-fA-F]{4}/.test(filled(old)) &&
        !/[^\x00-\x7f]/.test(filled(old).slice(style.start.length));
      if (!escaped || tags.every(tag => /^[\x00-\x7f]*$/.test(tag))) {
        expect(edited).toBe(filled(tags));
      } else {
        expect(edited).toMatch(/^\ufeff?[\x00-\x7f]*$/);
        expect(JSON.parse(edited.slice(style.start.length))).toEqual(
          JSON.parse(filled(tags).slice(style.start.length))
        );
      }
    })
  );
});

test('tags and outputs that were not there come in one place, and all other bytes stay', () => {
  fc.assert(
    fc.property(files, extras, tagLists, ({ text, style }, members, tags) => {
      fc.pre(tags.length > 0);
      const metadata = write({ object: members }, 3, style);
      const [head, middle, tail] = text.split(/#[01]#/);
      const edited = editNotebook(head + metadata + middle + '[]' + tail, [
        { cell: 1, tags, outputs: [{ output_type: 'stream', name: 'stdout', text: 'é' }] }
      ]);
      expect(edited.startsWith(head)).toBe(true);
      expect(edited.endsWith(tail)).toBe(true);
      const between = edited.slice(head.length, edited.length - tail.length);
      const at = between.lastIndexOf(middle);
      const [newMetadata, newOutputs] = [between.slice(0, at), between.slice(at + middle.length)];
      expect(JSON.parse(newMetadata)).toEqual({ ...(JSON.parse(metadata) as object), tags });
      expect(JSON.parse(newOutputs)).toEqual([
        { output_type: 'stream', name: 'stdout', text: 'é' }
      ]);
      if (members.length > 0) {
        // What was put in is one piece.
        const gone = Array.from({ length: metadata.length + 1 }, (_, index) => index).some(
          index =>
            newMetadata.startsWith(metadata.slice(0, index)) &&
            newMetadata.endsWith(metadata.slice(index))
        );
        expect(gone).toBe(true);
      }
      const lines = edited.split('\n');
      if (style.indent !== undefined) {
        expect(new Set(lines.slice(0, -3).map(line => line.endsWith('\r'))).size).toBe(1);
      }
    })
  );
});

test('of a key that is there twice the last counts, as for every reader of JSON', () => {
  const text = '{"cells": [{"metadata": {"tags": ["a"], "tags": ["b"]}}]}';
  expect(editNotebook(text, [{ cell: 0, tags: ['b'] }])).toBe(text);
  expect(editNotebook(text, [{ cell: 0, tags: ['c'] }])).toBe(text.replace('"b"', '"c"'));
});
