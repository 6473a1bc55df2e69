/** Labels and annotations by which the objects of a run are found again, from the cluster alone. */
export const LABEL = {
  run: 'notepod.dev/run',
  step: 'notepod.dev/step',
  managedBy: 'app.kubernetes.io/managed-by'
} as const;

export const ANNOTATION = {
  notebook: 'notepod.dev/notebook',
  notebookHash: 'notepod.dev/notebook-hash',
  cancelled: 'notepod.dev/cancelled'
} as const;

/** Objects that Notepod made. */
export const MANAGED = `${LABEL.managedBy}=notepod`;

/** Selects what belongs to a run. */
export function ofRun(run: string): string {
  return `${LABEL.run}=${run}`;
}
