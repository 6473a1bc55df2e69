/** Something the user can mend: `message` says what happened, `fix` what to do. */
export class EngineError extends Error {
  constructor(
    message: string,
    readonly fix?: string
  ) {
    super(message);
    this.name = 'EngineError';
  }
}

/** A run that had started, and that the engine could not go on with. It shows as interrupted. */
export class BrokenRunError extends EngineError {
  constructor(message: string, fix?: string) {
    super(message, fix);
    this.name = 'BrokenRunError';
  }
}
