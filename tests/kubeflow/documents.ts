import { parseAllDocuments } from 'yaml';

/** A document of YAML or JSON. */
export type Document = Readonly<Record<string, unknown>>;

/** The pipeline and the platform of a compiled text. */
export function documentsOf(text: string): readonly [Document, Document] {
  const [pipeline, platform] = parseAllDocuments(text).map(each => each.toJS() as Document);
  return [pipeline, platform];
}

/** What stands in a document at these keys; undefined if nothing. */
export function part(document: unknown, ...keys: readonly (string | number)[]): unknown {
  return keys.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null ? (value as Document)[key] : undefined,
    document
  );
}

/** The executors of the platform, by label. */
export function executorsOf(platform: Document): Readonly<Record<string, Document>> {
  return part(platform, 'platforms', 'kubernetes', 'deploymentSpec', 'executors') as Readonly<
    Record<string, Document>
  >;
}

/**
 * A copy without what stands at some places, and without what is empty then, but for `cachingOptions: {}`.
 * @param places keys from the top; `*` is any key or index
 */
export function without(document: unknown, places: readonly (readonly string[])[]): unknown {
  if (typeof document !== 'object' || document === null) {
    return document;
  }
  const entries = Object.entries(document).flatMap(([key, value]) => {
    const below = places.filter(([first]) => first === '*' || first === key);
    if (below.some(each => each.length === 1)) {
      return [];
    }
    const rest = without(
      value,
      below.map(each => each.slice(1))
    );
    const isEmpty =
      typeof rest === 'object' &&
      rest !== null &&
      Object.keys(rest).length === 0 &&
      key !== 'cachingOptions';
    return isEmpty ? [] : [[key, rest] as const];
  });
  return Array.isArray(document) ? entries.map(([, value]) => value) : Object.fromEntries(entries);
}
