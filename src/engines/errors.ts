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
