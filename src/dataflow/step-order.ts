import type { Notebook } from '../notebook/types';
import type { Drafts } from './drafts';
import type { EdgeList } from './edges';

/** Adds the edges that `prev:` tags ask for (semantics §3.2). */
export function addDeclaredOrder(notebook: Notebook, drafts: Drafts, edges: EdgeList): void {
  for (const step of notebook.steps) {
    for (const { name, cell } of step.prev) {
      if (drafts.has(name) && name !== step.name) {
        const words = `\`prev:${name}\` says so in ${drafts.place(cell)}`;
        edges.add(name, step.name, { kind: 'prev', words }, -1, cell);
      }
    }
  }
}

/** Steps that may both leave a name for the same later step are put in the order of the cells that write it (semantics §3.3). */
export function addOrderOfWriters(drafts: Drafts, edges: EdgeList): void {
  for (const draft of drafts.all) {
    for (const [name, { from }] of draft.inputs) {
      const ordered = [...from].sort((a, b) => a[1] - b[1]).map(([step]) => step);
      for (const [index, earlier] of ordered.slice(0, -1).entries()) {
        const later = ordered[index + 1];
        if (!edges.has(earlier, later)) {
          const words = `both may bind or change \`${name}\`, which ${draft.name} uses`;
          edges.add(earlier, later, { kind: 'order', name, words }, -1, -1);
        }
      }
    }
  }
}
