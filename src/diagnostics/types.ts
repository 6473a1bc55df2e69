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
  readonly span?: Span;
  /** Other places that take part, e.g. the other cell of a contradiction. */
  readonly related?: readonly { readonly span: Span; readonly message: string }[];
}
