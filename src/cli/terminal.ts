/** Where text goes and what it may look like. */
export interface Terminal {
  /** Writes a line to standard output. */
  out(line: string): void;
  /** Writes a line to standard error: progress and problems. */
  err(line: string): void;
  /** Writes text with control sequences to standard error; only where {@link live}. */
  redraw(text: string): void;
  /** Standard output is a terminal: pictures may use its width. */
  readonly interactive: boolean;
  /** Standard error is a terminal: progress may be redrawn. */
  readonly live: boolean;
  readonly color: boolean;
  readonly unicode: boolean;
  /** Columns of standard output. */
  readonly width: number;
  /** Columns of standard error. */
  readonly progressWidth: number;
}

/** This process's terminal. Colour obeys NO_COLOR and FORCE_COLOR (no-color.org). */
export function processTerminal(): Terminal {
  const { env, stdout, stderr } = process;
  const interactive = stdout.isTTY;
  // The first of these that is set to something decides (locale(7)).
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || '';
  return {
    out: line => void stdout.write(`${line}\n`),
    err: line => void stderr.write(`${line}\n`),
    redraw: text => void stderr.write(text),
    interactive,
    live: stderr.isTTY && env.TERM !== 'dumb' && env.CI === undefined,
    // Problems go to either stream: colours only where neither ends in a file.
    color:
      (env.NO_COLOR ?? '') === '' &&
      ((env.FORCE_COLOR ?? '') !== '' || (interactive && stderr.isTTY && env.TERM !== 'dumb')),
    unicode: process.platform === 'win32' || locale === '' || /utf-?8/i.test(locale),
    width: Math.max(60, Math.min(stdout.columns || 100, 160)),
    progressWidth: stderr.columns || 80
  };
}

const CODES = { red: 31, yellow: 33, blue: 34, green: 32, dim: 2, bold: 1 } as const;

/** `text` in a colour, if the terminal has colours. */
export function paint(terminal: Terminal, color: keyof typeof CODES, text: string): string {
  return terminal.color ? `\u001b[${CODES[color]}m${text}\u001b[0m` : text;
}

/** Text of a notebook that a terminal must not take for commands: control characters as their pictures, tabs as blanks. */
export function printable(text: string): string {
  return text
    .replace(/\t/g, ' ')
    .replace(/[\u0000-\u0009\u000b-\u001f\u007f]/g, unit =>
      String.fromCharCode(unit === '\u007f' ? 0x2421 : 0x2400 + unit.charCodeAt(0))
    );
}
