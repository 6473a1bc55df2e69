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
