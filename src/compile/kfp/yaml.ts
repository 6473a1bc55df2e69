import { Document, type ScalarTag } from 'yaml';
import type { KfpDocuments } from './compile';
import type { Json } from '../types';

/** What stands above the documents, for people: a line each. */
export function writeKfp(
  { pipeline, platform }: Pick<KfpDocuments, 'pipeline' | 'platform'>,
  header: readonly string[]
): string {
  const comment = header.map(line => `# ${line.replace(/[^\x20-\x7e]/g, '?')}`.trimEnd() + '\n');
  return `${comment.join('')}${writeDocument(pipeline)}---\n${writeDocument(platform)}`;
}

/** Texts that every reader of YAML 1.1 and 1.2 takes for texts. */
const PLAIN = /^[A-Za-z][A-Za-z0-9]*([-._/][A-Za-z0-9]+)*$/;
/** Words that one of them takes for something else. */
const WORDS = /^(y|n|yes|no|on|off|true|false|null|nan|inf)$/i;

/**
 * The readers of these documents, PyYAML and two of Go's, do not agree on what is a number or a text: so texts are quoted as JSON does, but for plain
 * words, and a number with an exponent gets the point and the sign that YAML 1.1 asks for.
 */
const SCALARS: ScalarTag[] = [
  {
    tag: 'tag:yaml.org,2002:str',
    default: true,
    identify: (value: unknown) => typeof value === 'string',
    resolve: (text: string) => text,
    stringify: ({ value }) => yamlText(value as string)
  },
  {
    tag: 'tag:yaml.org,2002:float',
    default: true,
    identify: (value: unknown) => typeof value === 'number',
    // Among tags that fit, the library prefers those with a test.
    test: /^[-\d.e+]+$/,
    resolve: (text: string) => Number(text),
    stringify: ({ value }) => yamlNumber(value as number)
  }
];

function writeDocument(content: Json): string {
  const document = new Document(content, {
    customTags: tags => [...SCALARS, ...tags],
    aliasDuplicateObjects: false
  });
  return document.toString({ lineWidth: 0, indentSeq: false });
}

function yamlText(text: string): string {
  if (PLAIN.test(text) && !WORDS.test(text)) {
    return text;
  }
  // What PyYAML finds unprintable is escaped, beyond what JSON escapes.
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
  );
}

function yamlNumber(value: number): string {
  const text = String(value);
  return /^-?\d+e/.test(text) ? text.replace('e', '.0e') : text;
}
