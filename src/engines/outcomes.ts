import type { StepOutcome } from './types';

/** How a step ended, to be said after its name. */
export const OUTCOME_WORDS: Readonly<Record<StepOutcome, string>> = {
  succeeded: 'succeeded',
  failed: 'failed',
  guard: 'was stopped by the guard',
  cancelled: 'was cancelled',
  timeout: 'took too long',
  killed: 'was killed',
  skipped: 'was skipped'
};
