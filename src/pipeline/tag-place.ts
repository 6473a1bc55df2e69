import type { Span } from '../diagnostics/types';
import { tagSpan } from '../notebook/read';
import type { Notebook, Tag } from '../notebook/types';

/** The place of the first tag of a step that `is` the one, for a diagnostic; nothing if it is one of the notebook's defaults. */
export function tagPlace(
  notebook: Notebook,
  step: string,
  is: (tag: Tag) => boolean
): { readonly span?: Span } {
  const spec = notebook.steps.find(each => each.name === step);
  for (const index of spec?.cells ?? []) {
    const tag = notebook.cells[index]?.parsed.find(is);
    if (tag) {
      return { span: tagSpan(index, tag.text) };
    }
  }
  return {};
}
