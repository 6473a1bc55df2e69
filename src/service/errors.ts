/**
 * A mistake that the user can mend: the command line prints it without a stack trace.
 * `message` says what happened, `fix` what to do.
 */
export class UserError extends Error {
  constructor(
    message: string,
    readonly fix?: string,
    /** Exit code of the command line: 2 wrong usage, 3 refused before anything ran. */
    readonly exitCode: 2 | 3 = 2
  ) {
    super(message);
    this.name = 'UserError';
  }
}
