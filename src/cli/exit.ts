/** Exit codes of the command line; `docs/cli.md` promises them. */
export const EXIT = {
  done: 0,
  /** A step failed, or (`verify`) a cell differs. */
  failed: 1,
  usage: 2,
  /** Refused by the checks: nothing ran. */
  refused: 3,
  /** Stopped by the guard while running. */
  guard: 4,
  /** Ended by ctrl-C or `cancel`, as shells have it. */
  cancelled: 130
} as const;
