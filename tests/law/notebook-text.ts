import type { TestCell } from './notebook-file';

/** The cells of a notebook that is written as text: `# %%` begins a cell, its tags stand behind; without tags: a step of its own. */
export function cellsOf(text: string): readonly TestCell[] {
  return text
    .trim()
    .split(/^(?=# %%)/m)
    .map((part, index) => {
      const [head, ...lines] = part.trimEnd().split('\n');
      const tags = head.replace('# %%', '').trim().split(/\s+/).filter(Boolean);
      return { tags: tags.length > 0 ? tags : [`step:s${index}`], source: lines.join('\n') };
    });
}

/** The text of cells, as {@link cellsOf} reads it. */
export function textOf(cells: readonly TestCell[]): string {
  return cells
    .map(cell => `# %% ${(cell.tags ?? []).join(' ')}`.trimEnd() + `\n${cell.source}`)
    .join('\n');
}
