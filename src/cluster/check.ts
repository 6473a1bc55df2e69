import { isRefused } from './nodes';

/** `unknown`: one may not look. */
export type CheckState = 'ok' | 'warning' | 'error' | 'unknown';

/** One thing that a run on the cluster depends on. */
export interface Check {
  readonly name: string;
  readonly state: CheckState;
  /** What was looked at, and what was found. */
  readonly found: string;
  readonly fix?: string;
}

/** Does a check; where the right to look is missing, that is what was found. */
export async function checking(
  name: string,
  look: () => Promise<readonly Check[]>
): Promise<readonly Check[]> {
  try {
    return await look();
  } catch (error) {
    if (!isRefused(error)) {
      throw error;
    }
    return [
      {
        name,
        state: 'unknown',
        found: error.message,
        fix: 'nothing, if it is in order; with the right to look it could be told before a run'
      }
    ];
  }
}
