import { closest } from '../diagnostics/closest';
import type { Diagnostic, Severity } from '../diagnostics/types';
import { parseDuration, parseQuantity, quantityHint } from './quantity';
import type { Tag } from './types';

/** A step's name: see docs/tags.md. */
export const STEP_NAME = /^[a-z_][a-z0-9_-]{0,62}$/;

const SPECIAL: Readonly<Record<string, Extract<Tag, { type: 'special' }>['kind']>> = {
  imports: 'imports',
  functions: 'functions',
  parameters: 'parameters',
  'pipeline-parameters': 'parameters',
  'pipeline-metrics': 'metrics',
  skip: 'skip'
};

const PREFIXES = [
  'step',
  'block',
  'prev',
  'request',
  'limit',
  'location',
  'role',
  'node',
  'toleration',
  'image',
  'env',
  'secret',
  'volume',
  'label',
  'annotation',
  'retry',
  'timeout',
  'cache',
  'report',
  'notebook'
];

/** A qualified name of Kubernetes: an optional DNS prefix, then at most 63 characters. */
const QUALIFIED = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?)?$/;
const ENV_NAME = /^[A-Za-z_]\w*$/;
const DNS_NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;

/** What a tag is: one of the language, with or without problems, or somebody else's. */
export interface ReadTag {
  readonly tag?: Tag;
  readonly problems: readonly (Pick<Diagnostic, 'code' | 'severity' | 'message' | 'why' | 'fix'> & {
    /** The tag that it should be, where there is one way only to mend it. */
    readonly better?: string;
  })[];
}

type Problem = ReadTag['problems'][number];

/**
 * Reads one tag. Foreign tags (`hide-input`) give neither a tag nor a problem; near misses of the language give a problem.
 * @param text the tag as written
 * @param at its position in the cell's list
 */
export function readTag(text: string, at: number): ReadTag {
  const special = SPECIAL[text];
  const base = { text, at };
  if (special !== undefined) {
    return { tag: { ...base, type: 'special', kind: special }, problems: [] };
  }
  if (text === 'raises-exception') {
    return { tag: { ...base, type: 'raises-exception' }, problems: [] };
  }
  const colon = text.indexOf(':');
  if (colon < 0) {
    return foreign(text);
  }
  const prefix = text.slice(0, colon).trim();
  const rest = text.slice(colon + 1);
  if (!PREFIXES.includes(prefix)) {
    const near = closest(prefix, PREFIXES);
    return near === undefined
      ? { problems: [] }
      : {
          problems: [
            problem(
              'NP102',
              'error',
              `unknown tag \`${text}\`; did you mean \`${near}:${rest}\`?`,
              'a misspelt tag would be ignored without a word',
              `write \`${near}:${rest}\`, or rename the tag if it belongs to another tool`,
              `${near}:${rest}`
            )
          ]
        };
  }
  const read = READERS[prefix](rest.trim(), text);
  return 'problem' in read
    ? { problems: [read.problem] }
    : { tag: { ...base, ...read.tag }, problems: read.warning ? [read.warning] : [] };
}

function foreign(text: string): ReadTag {
  const near = closest(text, Object.keys(SPECIAL));
  return near === undefined || PREFIXES.includes(text)
    ? { problems: [] }
    : {
        problems: [
          problem(
            'NP101',
            'warning',
            `tag \`${text}\` means nothing here; did you mean \`${near}\`?`,
            'a misspelt tag is ignored',
            `write \`${near}\`, or leave it if it belongs to another tool`,
            near
          )
        ]
      };
}

/** A tag without its text and position. */
type Body = Tag extends infer T ? (T extends Tag ? Omit<T, 'text' | 'at'> : never) : never;
type Read = { readonly tag: Body; readonly warning?: Problem } | { readonly problem: Problem };

const READERS: Readonly<Record<string, (rest: string, text: string) => Read>> = {
  step: readStep,
  block: readStep,
  prev: (rest, text) =>
    STEP_NAME.test(rest)
      ? { tag: { type: 'prev', name: rest } }
      : wrong(text, 'names no step', 'prev:<name of an earlier step>'),
  request: (rest, text) => readResource('request', rest, text),
  limit: (rest, text) => readResource('limit', rest, text),
  location: (rest, text) => {
    const match = /^([A-Za-z0-9][\w.-]*)(?::(\d+(?:\.\d+)?)(?:ms)?)?$/.exec(rest);
    return match
      ? {
          tag: {
            type: 'location',
            place: match[1],
            ...(match[2] === undefined ? {} : { maxMs: Number(match[2]) })
          }
        }
      : wrong(text, 'names no place', 'location:<place> or location:<place>:<ms>');
  },
  role: (rest, text) =>
    rest !== '' && LABEL_VALUE.test(rest)
      ? { tag: { type: 'role', role: rest } }
      : wrong(
          text,
          'is no role: letters, digits, `-`, `_` and `.`, 63 characters at most',
          'role:training'
        ),
  node: (rest, text) => {
    const match = /^([^=]+)=(.*)$/.exec(rest);
    return match && QUALIFIED.test(match[1]) && LABEL_VALUE.test(match[2])
      ? { tag: { type: 'node', label: match[1], value: match[2] } }
      : wrong(text, 'is no node label', 'node:<label>=<value>');
  },
  toleration: (rest, text) => {
    const match = /^([^=:]+)(?:=([^:]*))?(?::(NoSchedule|PreferNoSchedule|NoExecute))?$/.exec(rest);
    return match && QUALIFIED.test(match[1])
      ? {
          tag: {
            type: 'toleration',
            key: match[1],
            ...(match[2] === undefined ? {} : { value: match[2] }),
            ...(match[3] === undefined ? {} : { effect: match[3] })
          }
        }
      : wrong(text, 'is no toleration', 'toleration:<key>=<value>:NoSchedule');
  },
  image: (rest, text) =>
    rest !== '' && !/\s/.test(rest)
      ? { tag: { type: 'image', image: rest } }
      : wrong(text, 'names no image', 'image:python:3.12-slim'),
  env: (rest, text) => {
    const match = /^([^=]*)=(.*)$/s.exec(rest);
    return match && ENV_NAME.test(match[1])
      ? { tag: { type: 'env', name: match[1], value: match[2] } }
      : wrong(text, 'sets no environment variable', 'env:<NAME>=<value>');
  },
  secret: (rest, text) => {
    const [secret, key, env, ...more] = rest.split(':');
    return more.length === 0 &&
      key !== undefined &&
      env !== undefined &&
      DNS_NAME.test(secret) &&
      key !== '' &&
      ENV_NAME.test(env)
      ? { tag: { type: 'secret', secret, key, env } }
      : wrong(text, 'names no secret', 'secret:<secret>:<key>:<ENV>');
  },
  volume: (rest, text) => {
    const match = /^([^:]+):(\/[^:]*)(:ro)?$/.exec(rest);
    return match && DNS_NAME.test(match[1])
      ? {
          tag: { type: 'volume', claim: match[1], path: match[2], readOnly: match[3] !== undefined }
        }
      : wrong(text, 'names no volume claim and path', 'volume:<claim>:/path[:ro]');
  },
  label: (rest, text) => readMetadata('label', rest, text),
  annotation: (rest, text) => readMetadata('annotation', rest, text),
  retry: (rest, text) =>
    /^\d{1,3}$/.test(rest)
      ? { tag: { type: 'retry', count: Number(rest) } }
      : wrong(text, 'is no number of retries', 'retry:2'),
  timeout: (rest, text) => {
    const seconds = parseDuration(rest);
    return seconds === undefined
      ? wrong(text, 'is no duration', 'timeout:90s, timeout:5m or timeout:1h30m')
      : { tag: { type: 'timeout', seconds } };
  },
  cache: (rest, text) => readSwitch('cache', rest, text),
  report: (rest, text) => readSwitch('report', rest, text),
  notebook: (_, text) => ({
    problem: problem(
      'NP109',
      'error',
      `\`${text}\`: notebooks inside notebooks are not run`,
      "Kale's sub-pipelines have no counterpart",
      "copy that notebook's cells here, with their tags, or run it as a pipeline of its own"
    )
  })
};

function readStep(rest: string, text: string): Read {
  if (rest === '' || STEP_NAME.test(rest)) {
    return { tag: { type: 'step', name: rest } };
  }
  const better = rest
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, '-')
    .replace(/^[^a-z_]+/, '')
    .slice(0, 63);
  return {
    problem: problem(
      'NP103',
      'error',
      `\`${text}\`: \`${rest}\` is no step name`,
      'step names have small letters, digits, `-` and `_`, a letter or `_` first, and 63 characters at most',
      better === '' ? 'choose another name' : `write \`step:${better}\``,
      better === '' ? undefined : `step:${better}`
    )
  };
}

function readResource(type: 'request' | 'limit', rest: string, text: string): Read {
  const colon = rest.lastIndexOf(':');
  const resource = colon < 0 ? rest : rest.slice(0, colon);
  const quantity = colon < 0 ? '' : rest.slice(colon + 1);
  if (!QUALIFIED.test(resource) || quantity === '') {
    return wrong(text, 'is no resource with a quantity', `${type}:memory:2Gi`);
  }
  if (parseQuantity(quantity) === undefined) {
    const hint = quantityHint(quantity);
    return {
      problem: problem(
        'NP104',
        'error',
        `\`${text}\`: \`${quantity}\` is no quantity` + (hint ? `; did you mean ${hint}?` : ''),
        'amounts are written as 2, 500m (a half), 4G (4 × 10⁹) or 1.5Gi (1.5 × 2³⁰)',
        `write ${type}:${resource}:${hint ? hint.split(' ')[0] : '2Gi'}`
      )
    };
  }
  const known = ['cpu', 'memory', 'ephemeral-storage'];
  const near =
    resource.includes('/') || known.includes(resource) ? undefined : closest(resource, known);
  if (!resource.includes('/') && !known.includes(resource) && !resource.startsWith('hugepages-')) {
    return {
      problem: problem(
        'NP104',
        'error',
        `\`${text}\`: there is no resource \`${resource}\`` +
          (near ? `; did you mean \`${near}\`?` : ''),
        'resources are cpu, memory, ephemeral-storage, and extended ones with a domain such as nvidia.com/gpu',
        `write ${type}:${near ?? 'nvidia.com/gpu'}:${quantity}`,
        near === undefined ? undefined : `${type}:${near}:${quantity}`
      )
    };
  }
  return { tag: { type, resource, quantity } };
}

function readMetadata(type: 'label' | 'annotation', rest: string, text: string): Read {
  const colon = rest.indexOf(':');
  const key = colon < 0 ? rest : rest.slice(0, colon);
  const value = colon < 0 ? '' : rest.slice(colon + 1);
  if (colon < 0 || !QUALIFIED.test(key) || (type === 'label' && !LABEL_VALUE.test(value))) {
    return wrong(text, `is no ${type} that a cluster can hold`, `${type}:<key>:<value>`);
  }
  return { tag: { type, key, value } };
}

function readSwitch(type: 'cache' | 'report', rest: string, text: string): Read {
  return rest === 'enabled' || rest === 'disabled'
    ? { tag: { type, enabled: rest === 'enabled' } }
    : wrong(text, 'is neither enabled nor disabled', `${type}:enabled or ${type}:disabled`);
}

function wrong(text: string, what: string, example: string): Read {
  return {
    problem: problem(
      'NP105',
      'error',
      `\`${text}\` ${what}`,
      'a tag that cannot be read would be ignored without a word',
      `write it like ${example}`
    )
  };
}

function problem(
  code: string,
  severity: Severity,
  message: string,
  why: string,
  fix: string,
  better?: string
): Problem {
  return { code, severity, message, why, fix, ...(better === undefined ? {} : { better }) };
}
