import { LABEL } from '../../compile/labels';

/** Selects the objects that Notepod made. */
export const ALL_OF_OURS = `${LABEL.managedBy}=notepod`;

/** Selects what belongs to a run. */
export function ofRun(run: string): string {
  return `${LABEL.run}=${run}`;
}
