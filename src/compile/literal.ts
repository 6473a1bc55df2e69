/**
 * A JSON-like value as a Python literal, for parameters that are given from outside.
 * @param type Python's name of the wanted type; `float` keeps `5` a float
 */
export function pythonLiteral(value: unknown, type?: string): string {
  if (value === null || value === undefined) {
    return 'None';
  }
  if (typeof value === 'boolean') {
    return value ? 'True' : 'False';
  }
  if (typeof value === 'number') {
    const text = String(value);
    return type === 'float' && /^-?\d+$/.test(text) ? `${text}.0` : text;
  }
  if (typeof value === 'string') {
    // JSON's escapes are Python's, but for the lone surrogates and the two line separators that JSON leaves as they are.
    return JSON.stringify(value)
      .replace(/[\u007f-\uffff]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .replace(/\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})/g, (_, high: string, low: string) => {
        const point =
          (parseInt(high, 16) - 0xd800) * 0x400 + (parseInt(low, 16) - 0xdc00) + 0x10000;
        return `\\U${point.toString(16).padStart(8, '0')}`;
      });
  }
  if (Array.isArray(value)) {
    return `[${value.map(each => pythonLiteral(each)).join(', ')}]`;
  }
  const pairs = Object.entries(value as Record<string, unknown>).map(
    ([key, each]) => `${pythonLiteral(key)}: ${pythonLiteral(each)}`
  );
  return `{${pairs.join(', ')}}`;
}
