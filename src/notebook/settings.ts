import { closest } from '../diagnostics/closest';
import type { Diagnostic, Severity } from '../diagnostics/types';
import { readOption } from './option-key';
import { readTag } from './tags';
import type { Settings } from './types';

type Json = Readonly<Record<string, unknown>>;
type Kind = 'string' | 'number' | 'boolean' | 'strings' | 'volume';

/** Keys of the metadata `notepod`. */
const KEYS: Readonly<Record<string, Kind>> = {
  name: 'string',
  description: 'string',
  image: 'string',
  files: 'strings',
  stepDefaults: 'strings',
  volume: 'volume',
  extender: 'boolean',
  namespace: 'string',
  experiment: 'string',
  target: 'string',
  cache: 'boolean',
  timeout: 'number'
};

/** The settings of a notebook from its metadata: `notepod`, else Kale's `kubeflow_notebook`, else defaults. */
export function readSettings(metadata: Json): {
  readonly settings: Settings;
  readonly diagnostics: readonly Diagnostic[];
} {
  if (metadata.notepod !== undefined) {
    return ownSettings(metadata.notepod);
  }
  if (metadata.kubeflow_notebook !== undefined) {
    return kaleSettings(metadata.kubeflow_notebook);
  }
  return { settings: { ...EMPTY, origin: 'default' }, diagnostics: [] };
}

const EMPTY = { files: [], stepDefaults: [], volume: {} } as const;

function ownSettings(value: unknown): ReturnType<typeof readSettings> {
  const diagnostics: Diagnostic[] = [];
  if (!isObject(value)) {
    return {
      settings: { ...EMPTY, origin: 'notepod' },
      diagnostics: [wrong('notepod', 'an object', value)]
    };
  }
  const good: Record<string, unknown> = {};
  for (const [key, each] of Object.entries(value)) {
    const kind = KEYS[key];
    if (kind === undefined) {
      const near = closest(key, Object.keys(KEYS));
      diagnostics.push({
        code: 'NP121',
        severity: 'warning',
        message:
          `the settings have an unknown key \`${key}\`` +
          (near ? `; did you mean \`${near}\`?` : ''),
        why: 'an unknown setting has no effect',
        fix: near ? `rename it to \`${near}\`` : 'take it out of the metadata `notepod`'
      });
    } else if (!fits(each, kind)) {
      diagnostics.push(wrong(key, WORDS[kind], each));
    } else {
      good[key] = each;
    }
  }
  const settings: Settings = { ...EMPTY, ...good, origin: 'notepod' };
  diagnostics.push(...defaultsProblems(settings.stepDefaults, 'stepDefaults', 'error'));
  return { settings, diagnostics };
}

/** Defaults that are no options of a step would be ignored without a word. */
function defaultsProblems(
  tags: readonly string[],
  key: string,
  severity: Severity
): readonly Diagnostic[] {
  return tags.flatMap((text): Diagnostic[] => {
    if (readOption(text) !== undefined) {
      return [];
    }
    const [problem] = readTag(text, 0).problems;
    return [
      {
        code: 'NP122',
        severity,
        message: `the setting \`${key}\`: ${problem?.message ?? `\`${text}\` is no option that a step can have`}`,
        why: 'it would have no effect',
        fix: problem?.fix ?? 'take it out, or write an option such as request:memory:2Gi'
      }
    ];
  });
}

const WORDS: Readonly<Record<Kind, string>> = {
  string: 'a text',
  number: 'a number of seconds',
  boolean: 'true or false',
  strings: 'a list of texts',
  volume: 'an object with size, storageClass and accessMode'
};

function fits(value: unknown, kind: Kind): boolean {
  switch (kind) {
    case 'strings':
      return Array.isArray(value) && value.every(each => typeof each === 'string');
    case 'volume':
      return (
        isObject(value) &&
        Object.entries(value).every(
          ([key, each]) =>
            ['size', 'storageClass', 'accessMode'].includes(key) && typeof each === 'string'
        )
      );
    default:
      return typeof value === kind;
  }
}

function wrong(key: string, wanted: string, value: unknown): Diagnostic {
  return {
    code: 'NP122',
    severity: 'error',
    message: `the setting \`${key}\` must be ${wanted}, and is ${JSON.stringify(value)}`,
    why: 'a setting of the wrong type cannot be honoured',
    fix: "correct it in the notebook's metadata under `notepod`"
  };
}

/** Kale 0.x and 2.x; what has no counterpart is said, not dropped in silence, and stops nothing. */
function kaleSettings(value: unknown): ReturnType<typeof readSettings> {
  const kale = isObject(value) ? value : {};
  const text = (key: string) => {
    const value = kale[key];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const experiment =
    isObject(kale.experiment) && typeof kale.experiment.name === 'string'
      ? kale.experiment.name
      : undefined;
  const defaults = Array.isArray(kale.steps_defaults)
    ? kale.steps_defaults.filter(each => typeof each === 'string')
    : [];
  const volumes = Array.isArray(kale.volumes) ? kale.volumes.filter(isObject) : [];
  const mounts = volumes.filter(isClaim).map(each => `volume:${each.name}:${each.mount_point}`);
  const settings: Settings = {
    ...EMPTY,
    origin: 'kale',
    name: text('pipeline_name'),
    description: text('pipeline_description'),
    image: text('base_image') ?? text('docker_image'),
    stepDefaults: [...defaults, ...mounts],
    volume: {
      ...(text('storage_class_name') === undefined
        ? {}
        : { storageClass: text('storage_class_name') }),
      ...(text('volume_access_mode') === undefined
        ? {}
        : { accessMode: ACCESS[text('volume_access_mode') ?? ''] ?? text('volume_access_mode') })
    },
    experiment: text('experiment_name') ?? experiment,
    ...(typeof kale.enable_caching === 'boolean' ? { cache: kale.enable_caching } : {}),
    ...(typeof kale.timeout === 'number' ? { timeout: kale.timeout } : {})
  };
  const dropped = [
    ...Object.keys(kale).filter(key => !isEmpty(kale[key]) && !isTakenOver(key, kale[key])),
    // Kale made claims once, of which a run on a cluster makes one itself; existing ones are mounted.
    ...volumes.flatMap((each, at) => [
      ...(isClaim(each) ? [] : [`volumes[${at}]`]),
      ...(each.expose_as_env_var === true ? [`volumes[${at}].expose_as_env_var`] : [])
    ])
  ];
  const diagnostics: Diagnostic[] =
    dropped.length === 0
      ? []
      : [
          {
            code: 'NP123',
            severity: 'info',
            message: `Kale's settings ${dropped.map(each => `\`${each}\``).join(', ')} have no effect here`,
            why: 'they belong to parts of Kale that have no counterpart',
            fix: 'nothing, if the notebook does not rely on them'
          }
        ];
  if (!isObject(value)) {
    diagnostics.push({ ...wrong('kubeflow_notebook', 'an object', value), severity: 'warning' });
  }
  diagnostics.push(...defaultsProblems(settings.stepDefaults, 'steps_defaults', 'warning'));
  return { settings, diagnostics };
}

/** An existing volume claim with the path that it is mounted at. */
function isClaim(
  volume: Json
): volume is Json & { readonly name: string; readonly mount_point: string } {
  return (
    volume.type === 'pvc' &&
    typeof volume.name === 'string' &&
    typeof volume.mount_point === 'string'
  );
}

/** What Kale's editor writes for a setting that nobody has made. */
function isEmpty(value: unknown): boolean {
  return (
    value === '' ||
    value === false ||
    value === null ||
    (Array.isArray(value) && value.length === 0)
  );
}

function isTakenOver(key: string, value: unknown): boolean {
  const kind = TAKEN_OVER[key];
  return kind === 'list'
    ? Array.isArray(value)
    : kind === 'object'
      ? isObject(value)
      : typeof value === kind;
}

const ACCESS: Readonly<Record<string, string>> = {
  rwm: 'ReadWriteMany',
  rwo: 'ReadWriteOnce',
  rom: 'ReadOnlyMany'
};
/** Kale's keys that mean something here, with the type of their values. Where Kale keeps its own files means nothing, and does no harm. */
const TAKEN_OVER: Readonly<Record<string, 'string' | 'boolean' | 'number' | 'list' | 'object'>> = {
  pipeline_name: 'string',
  pipeline_description: 'string',
  base_image: 'string',
  docker_image: 'string',
  steps_defaults: 'list',
  volumes: 'list',
  storage_class_name: 'string',
  volume_access_mode: 'string',
  experiment_name: 'string',
  experiment: 'object',
  enable_caching: 'boolean',
  timeout: 'number',
  kfp_host: 'string',
  output_path: 'string',
  marshal_path: 'string',
  abs_working_dir: 'string'
};

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
