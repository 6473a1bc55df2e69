/** A text as a Python literal. */
export function pythonText(value: string): string {
  // JSON's escapes are Python's, but for the lone surrogates and the two line separators that JSON leaves as they are.
  return JSON.stringify(value)
    .replace(/[\u007f-\uffff]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .replace(/\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})/g, (_, high: string, low: string) => {
      const point = (parseInt(high, 16) - 0xd800) * 0x400 + (parseInt(low, 16) - 0xdc00) + 0x10000;
      return `\\U${point.toString(16).padStart(8, '0')}`;
    });
}

const WORDS: Readonly<Record<string, string>> = { true: 'True', false: 'False', null: 'None' };

/**
 * JSON as a Python literal. Numbers stay as they are written: as JavaScript's they would lose digits, and `1.0` its type.
 * @param json a text that `JSON.parse` accepts
 */
export function pythonFromJson(json: string): string {
  return json.replace(/"(?:[^"\\]|\\.)*"|true|false|null|[\n\r\t]/g, token =>
    token.startsWith('"') ? pythonText(JSON.parse(token) as string) : (WORDS[token] ?? ' ')
  );
}
