/** Where text goes and what it may look like. */
export interface Terminal {
  /** Writes a line to standard output. */
  out(line: string): void;
  /** Writes a line to standard error: progress and problems. */
  err(line: string): void;
  /** Standard output is a terminal: pictures may use its width. */
  readonly interactive: boolean;
  /** Standard error is a terminal: progress may be redrawn. */
  readonly live: boolean;
  readonly color: boolean;
  readonly unicode: boolean;
  /** Columns of standard output. */
  readonly width: number;
}

/** This process's terminal. Colour obeys NO_COLOR and FORCE_COLOR (no-color.org). */
export function processTerminal(): Terminal {
  const { env, stdout, stderr } = process;
  const interactive = stdout.isTTY;
  const locale = env.LC_ALL ?? env.LC_CTYPE ?? env.LANG ?? '';
  return {
    out: line => void stdout.write(`${line}\n`),
    err: line => void stderr.write(`${line}\n`),
    interactive,
    live: stderr.isTTY && env.TERM !== 'dumb' && env.CI === undefined,
    color:
      (env.NO_COLOR ?? '') === '' &&
      ((env.FORCE_COLOR ?? '') !== '' || (interactive && env.TERM !== 'dumb')),
    unicode:
      !interactive || process.platform === 'win32' || locale === '' || /utf-?8/i.test(locale),
    width: Math.max(60, Math.min(stdout.columns || 100, 160))
  };
}

const CODES = { red: 31, yellow: 33, blue: 34, green: 32, dim: 2, bold: 1 } as const;

/** `text` in a colour, if the terminal has colours. */
export function paint(terminal: Terminal, color: keyof typeof CODES, text: string): string {
  return terminal.color ? `\u001b[${CODES[color]}m${text}\u001b[0m` : text;
}
