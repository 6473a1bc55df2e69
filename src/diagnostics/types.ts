/** How bad a problem is: an `error` stops the run before anything starts; the others do not. */
export type Severity = 'error' | 'warning' | 'info';

/**
 * A place in a notebook. `cell` is the 0-based index among **all** cells of the file;
 * `line` and `endLine` are 1-based lines of that cell's source; `column` and `endColumn` are 0-based
 * UTF-16 code units (as JavaScript, CodeMirror and tree-sitter count), `endColumn` exclusive.
 */
export interface Span {
  readonly cell: number;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
  /** The tag as written, where the place is a tag of the cell and no part of its source; line and columns then mean nothing. */
  readonly tag?: string;
}

/** A change of a cell's tags: `tag`, as written, becomes `to`, or is taken away. Other tags stay as they are. */
export interface TagEdit {
  readonly cell: number;
  readonly tag: string;
  readonly to?: string;
}

/**
 * A problem that a user can act on. `code` is a key of the catalogue; `message` says what happened
 * and names the things involved; `why` says which rule it breaks; `fix` says what to do.
 * `span` is absent only for problems of the notebook as a whole.
 */
export interface Diagnostic {
  readonly code: string;
  readonly severity: Severity;
  readonly message: string;
  readonly why: string;
  readonly fix?: string;
  /** What `fix` says, for a button to do, where there is one way only. */
  readonly edits?: readonly TagEdit[];
  readonly span?: Span;
  /** Other places that take part, e.g. the other cell of a contradiction. */
  readonly related?: readonly { readonly span: Span; readonly message: string }[];
}
