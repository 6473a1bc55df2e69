/** What to change in a cell; what is left out stays as it is, to the byte. */
export interface CellEdit {
  /** Index among all cells. */
  readonly cell: number;
  readonly tags?: readonly string[];
  readonly outputs?: readonly unknown[];
  readonly executionCount?: number | null;
}

/**
 * Edits the text of a notebook in place: only the edited values are written anew, in the file's own indentation; key order,
 * number formats, escapes, unknown metadata and the newline at the end stay as they were.
 * @param text a notebook that {@link parseNotebook} accepts
 */
export function editNotebook(text: string, edits: readonly CellEdit[]): string {
  const offset = text.startsWith('\ufeff') ? 1 : 0;
  const root = new Locator(text, offset).value();
  const cells = member(root, 'cells')?.elements ?? [];
  const indent = indentOf(text);
  const patches = edits.flatMap(edit => {
    const cell = cells[edit.cell];
    if (!cell) {
      throw new Error(`the notebook has no cell ${edit.cell}`);
    }
    return [
      ...(edit.outputs ? setMember(text, cell, 'outputs', edit.outputs, 3, indent) : []),
      ...(edit.executionCount === undefined
        ? []
        : setMember(text, cell, 'execution_count', edit.executionCount, 3, indent)),
      ...(edit.tags ? setTags(text, cell, edit.tags, indent) : [])
    ];
  });
  return patches
    .sort((a, b) => b.start - a.start)
    .reduce(
      (result, { start, end, text: put }) => result.slice(0, start) + put + result.slice(end),
      text
    );
}

interface Patch {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A JSON value with its place in the text. */
interface Located {
  readonly start: number;
  readonly end: number;
  readonly members?: readonly {
    readonly key: string;
    readonly start: number;
    readonly value: Located;
  }[];
  readonly elements?: readonly Located[];
}

function member(node: Located | undefined, key: string): Located | undefined {
  return node?.members?.find(each => each.key === key)?.value;
}

function setTags(
  text: string,
  cell: Located,
  tags: readonly string[],
  indent: string | undefined
): readonly Patch[] {
  const metadata = member(cell, 'metadata');
  if (!metadata) {
    return tags.length === 0 ? [] : setMember(text, cell, 'metadata', { tags }, 3, indent);
  }
  return tags.length === 0 && !member(metadata, 'tags')
    ? []
    : setMember(text, metadata, 'tags', tags, 4, indent);
}

/** Replaces a member's value, or adds the member where sorted keys would have it. `depth` is the depth of the member's line. */
function setMember(
  text: string,
  object: Located,
  key: string,
  value: unknown,
  depth: number,
  indent: string | undefined
): readonly Patch[] {
  const members = object.members ?? [];
  const known = members.find(each => each.key === key);
  if (known) {
    const before = text.slice(known.value.start, known.value.end);
    if (JSON.stringify(JSON.parse(before)) === JSON.stringify(value)) {
      return [];
    }
    return [
      { start: known.value.start, end: known.value.end, text: print(value, text, depth, indent) }
    ];
  }
  const separator = indent === undefined ? ': ' : ': ';
  const line = `${JSON.stringify(key)}${separator}${print(value, text, depth, indent)}`;
  const newline = indent === undefined ? '' : `\n${indent.repeat(depth)}`;
  const next = members.find(each => each.key > key);
  if (next) {
    return [
      { start: next.start, end: next.start, text: `${line},${newline === '' ? ' ' : newline}` }
    ];
  }
  const last = members.at(-1);
  if (last) {
    return [
      {
        start: last.value.end,
        end: last.value.end,
        text: `,${newline === '' ? ' ' : newline}${line}`
      }
    ];
  }
  const closing = indent === undefined ? '' : `\n${indent.repeat(depth - 1)}`;
  return [{ start: object.start, end: object.end, text: `{${newline}${line}${closing}}` }];
}

/** JSON in the file's own style: its indentation, and non-ASCII characters escaped if the file has them so. */
function print(value: unknown, text: string, depth: number, indent: string | undefined): string {
  const json =
    indent === undefined
      ? JSON.stringify(value)
      : JSON.stringify(value, null, indent).replace(/\n/g, `\n${indent.repeat(depth)}`);
  const escapes = /\\u[0-9a-fA-F]{4}/.test(text) && !/[^\x00-\x7f]/.test(text);
  return escapes
    ? json.replace(
        /[^\x00-\x7f]/g,
        unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
      )
    : json;
}

/** The indentation of one level; undefined if the file is on one line. */
function indentOf(text: string): string | undefined {
  const match = /^\ufeff?\s*\{\r?\n([ \t]*)"/.exec(text);
  return match ? match[1] || '' : undefined;
}

/** Finds the places of all values of a text that is known to be JSON. */
class Locator {
  constructor(
    private readonly text: string,
    private at: number
  ) {}

  value(): Located {
    this.blanks();
    const start = this.at;
    switch (this.text[this.at]) {
      case '{':
        return this.object(start);
      case '[':
        return this.array(start);
      case '"':
        this.string();
        return { start, end: this.at };
      default: {
        const scalar = /[^\s,\]}]*/y;
        scalar.lastIndex = start;
        this.at += scalar.exec(this.text)?.[0].length ?? 0;
        return { start, end: this.at };
      }
    }
  }

  private object(start: number): Located {
    const members: { key: string; start: number; value: Located }[] = [];
    this.at += 1;
    for (this.blanks(); this.text[this.at] !== '}'; this.blanks()) {
      if (this.text[this.at] === ',') {
        this.at += 1;
        continue;
      }
      const from = this.at;
      this.string();
      const key = JSON.parse(this.text.slice(from, this.at)) as string;
      this.blanks();
      this.at += 1;
      members.push({ key, start: from, value: this.value() });
    }
    this.at += 1;
    return { start, end: this.at, members };
  }

  private array(start: number): Located {
    const elements: Located[] = [];
    this.at += 1;
    for (this.blanks(); this.text[this.at] !== ']'; this.blanks()) {
      if (this.text[this.at] === ',') {
        this.at += 1;
      } else {
        elements.push(this.value());
      }
    }
    this.at += 1;
    return { start, end: this.at, elements };
  }

  private string(): void {
    for (this.at += 1; this.text[this.at] !== '"'; this.at++) {
      if (this.text[this.at] === '\\') {
        this.at += 1;
      }
    }
    this.at += 1;
  }

  private blanks(): void {
    while (/\s/.test(this.text[this.at] ?? '')) {
      this.at += 1;
    }
  }
}
