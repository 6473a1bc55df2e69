/** A code cell of a test notebook. */
export interface TestCell {
  readonly tags?: readonly string[];
  readonly source: string;
}

/** The text of a notebook (nbformat 4.5) with these code cells and no metadata, as the conformance cases are run. */
export function notebookText(cells: readonly TestCell[]): string {
  const notebook = {
    cells: cells.map((cell, index) => ({
      cell_type: 'code',
      execution_count: null,
      id: `cell-${index}`,
      metadata: cell.tags && cell.tags.length > 0 ? { tags: cell.tags } : {},
      outputs: [],
      source: cell.source
    })),
    metadata: {},
    nbformat: 4,
    nbformat_minor: 5
  };
  return `${JSON.stringify(notebook, null, 1)}\n`;
}
