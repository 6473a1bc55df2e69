/**
 * Where a text stops being JSON. `JSON.parse` says it in words that differ between engines, and not always.
 * @returns 1-based line and column; `truncated` if the text only ends too early
 */
export function jsonMistake(text: string): {
  readonly line: number;
  readonly column: number;
  readonly truncated: boolean;
} {
  const at = new Scanner(text).firstMistake();
  const before = text.slice(0, at).split('\n');
  return {
    line: before.length,
    column: before[before.length - 1].length + 1,
    truncated: text.slice(at).trim() === ''
  };
}

const TOKEN =
  /\s*(?:([{}[\],:])|("(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null))/y;

/** Goes through the tokens with a stack of open brackets and a word for what may come next. */
class Scanner {
  constructor(private readonly text: string) {}

  firstMistake(): number {
    const open: string[] = [];
    let expected: 'value' | 'value-or-end' | 'key' | 'key-or-end' | 'colon' | 'comma' | 'end' =
      'value';
    let at = 0;
    for (;;) {
      TOKEN.lastIndex = at;
      const match = TOKEN.exec(this.text);
      const start = at + (/^\s*/.exec(this.text.slice(at, at + 10_000))?.[0].length ?? 0);
      if (!match) {
        return this.unfinishedString(start) ? this.text.length : start;
      }
      const [, sign, string] = match;
      at = TOKEN.lastIndex;
      const after = () => (open.length === 0 ? ('end' as const) : ('comma' as const));
      if (
        (expected === 'value' || expected === 'value-or-end') &&
        sign !== ']' &&
        sign !== '}' &&
        sign !== ',' &&
        sign !== ':'
      ) {
        if (sign === undefined) {
          expected = after();
        } else {
          open.push(sign);
          expected = sign === '{' ? 'key-or-end' : 'value-or-end';
        }
      } else if ((expected === 'key' || expected === 'key-or-end') && string !== undefined) {
        expected = 'colon';
      } else if (expected === 'colon' && sign === ':') {
        expected = 'value';
      } else if (expected === 'comma' && sign === ',') {
        expected = open.at(-1) === '{' ? 'key' : 'value';
      } else if (
        (expected === 'comma' || expected === 'key-or-end' || expected === 'value-or-end') &&
        sign === (open.at(-1) === '{' ? '}' : ']')
      ) {
        open.pop();
        expected = after();
      } else {
        return start;
      }
    }
  }

  /** A string that is open at the end of the text: the text was cut off in it. */
  private unfinishedString(start: number): boolean {
    return (
      /^"(?:[^"\\\u0000-\u001f]|\\.)*\\?$/s.test(this.text.slice(start)) ||
      /^[-\d.eE+a-z]{0,5}$/.test(this.text.slice(start))
    );
  }
}
