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
  const style = styleOf(text);
  const patches = edits.flatMap(edit => {
    const cell = cells[edit.cell];
    if (!cell) {
      throw new Error(`the notebook has no cell ${edit.cell}`);
    }
    return [
      ...(edit.outputs ? setMember(text, cell, 'outputs', edit.outputs, 3, style) : []),
      ...(edit.executionCount === undefined
        ? []
        : setMember(text, cell, 'execution_count', edit.executionCount, 3, style)),
      ...(edit.tags ? setTags(text, cell, edit.tags, style) : [])
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

/** The value of a key; of a key that is there twice the last, as `JSON.parse` has it. */
function member(node: Located | undefined, key: string): Located | undefined {
  return node?.members?.findLast(each => each.key === key)?.value;
}

function setTags(
  text: string,
  cell: Located,
  tags: readonly string[],
  style: Style
): readonly Patch[] {
  const metadata = member(cell, 'metadata');
  if (!metadata) {
    return tags.length === 0 ? [] : setMember(text, cell, 'metadata', { tags }, 3, style);
  }
  return tags.length === 0 && !member(metadata, 'tags')
    ? []
    : setMember(text, metadata, 'tags', tags, 4, style);
}

/** Replaces a member's value, or adds the member where sorted keys would have it. `depth` is the depth of the member's line. */
function setMember(
  text: string,
  object: Located,
  key: string,
  value: unknown,
  depth: number,
  style: Style
): readonly Patch[] {
  const members = object.members ?? [];
  const known = member(object, key);
  if (known) {
    const before = text.slice(known.start, known.end);
    return JSON.stringify(JSON.parse(before)) === JSON.stringify(value)
      ? []
      : [{ start: known.start, end: known.end, text: print(value, depth, style) }];
  }
  const line = `${print(key, depth, style)}${style.colon}${print(value, depth, style)}`;
  const gap = style.indent === undefined ? style.comma : `,${lineBreak(depth, style)}`;
  const next = members.find(each => each.key > key);
  if (next) {
    return [{ start: next.start, end: next.start, text: line + gap }];
  }
  const last = members.at(-1);
  if (last) {
    return [{ start: last.value.end, end: last.value.end, text: gap + line }];
  }
  const body = lineBreak(depth, style) + line + lineBreak(depth - 1, style);
  return [{ start: object.start, end: object.end, text: `{${body}}` }];
}

/** How a file writes JSON. */
interface Style {
  /** Of one level; undefined if the file is on one line. */
  readonly indent: string | undefined;
  readonly newline: string;
  readonly colon: string;
  /** Between values on one line. */
  readonly comma: string;
  /** Characters beyond ASCII stand as `\u` escapes. */
  readonly escapes: boolean;
}

function styleOf(text: string): Style {
  const open = /^\ufeff?\s*\{(?:(\r?\n)([ \t]*))?"/.exec(text);
  const colon = /^\ufeff?\s*\{\s*"(?:[^"\\]|\\.)*"(\s*:[ \t]*)/.exec(text);
  const spaced = colon === null || /:[ \t]/.test(colon[1]);
  return {
    indent: open?.[1] === undefined ? undefined : open[2],
    newline: open?.[1] ?? '\n',
    colon: spaced ? ': ' : ':',
    comma: spaced ? ', ' : ',',
    escapes: /\\u[0-9a-fA-F]{4}/.test(text) && !/[^\x00-\x7f]/.test(text.replace(/^\ufeff/, ''))
  };
}

function lineBreak(depth: number, { indent, newline }: Style): string {
  return indent === undefined ? '' : newline + indent.repeat(depth);
}

/** JSON in the file's own style. `depth` is that of the line that the value starts on. */
function print(value: unknown, depth: number, style: Style): string {
  const gap = style.indent === undefined ? style.comma : `,${lineBreak(depth + 1, style)}`;
  const around = (parts: readonly string[], open: string, close: string) =>
    parts.length === 0
      ? open + close
      : open + lineBreak(depth + 1, style) + parts.join(gap) + lineBreak(depth, style) + close;
  if (Array.isArray(value)) {
    return around(
      value.map(each => print(each, depth + 1, style)),
      '[',
      ']'
    );
  }
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).filter(([, each]) => each !== undefined);
    return around(
      members.map(
        ([key, each]) => print(key, depth + 1, style) + style.colon + print(each, depth + 1, style)
      ),
      '{',
      '}'
    );
  }
  const json = JSON.stringify(value);
  return style.escapes
    ? json.replace(
        /[^\x00-\x7f]/g,
        unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
      )
    : json;
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
