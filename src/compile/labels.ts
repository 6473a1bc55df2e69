/** Labels by which the objects of a run are found again, from the cluster alone. */
export const LABEL = {
  run: 'notepod.dev/run',
  step: 'notepod.dev/step',
  managedBy: 'app.kubernetes.io/managed-by'
} as const;

export const ANNOTATION = {
  notebook: 'notepod.dev/notebook',
  notebookHash: 'notepod.dev/notebook-hash',
  cells: 'notepod.dev/cells',
  cancelled: 'notepod.dev/cancelled'
} as const;

/** On all that Notepod makes. */
export const MANAGED = { [LABEL.managedBy]: 'notepod' } as const;

/** A step's cells as its pod tells them: their numbers among all cells, from 1. */
export function cellNumbers(cells: readonly number[]): string {
  return cells.map(cell => cell + 1).join(',');
}
