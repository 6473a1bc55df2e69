import { closest } from '../diagnostics/closest';
import type { Diagnostic } from '../diagnostics/types';
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
  if (isObject(metadata.kubeflow_notebook)) {
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
  return { settings: { ...EMPTY, ...good, origin: 'notepod' }, diagnostics };
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

/** Kale 0.x and 2.x; what has no counterpart is said, not dropped in silence. */
function kaleSettings(kale: Json): ReturnType<typeof readSettings> {
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
  const mounts = volumes.flatMap(each =>
    each.type === 'pvc' && typeof each.name === 'string' && typeof each.mount_point === 'string'
      ? [`volume:${each.name}:${each.mount_point}`]
      : []
  );
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
  const dropped = Object.keys(kale).filter(
    key => !TAKEN_OVER.has(key) && kale[key] !== '' && kale[key] !== false
  );
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
  return { settings, diagnostics };
}

const ACCESS: Readonly<Record<string, string>> = {
  rwm: 'ReadWriteMany',
  rwo: 'ReadWriteOnce',
  rom: 'ReadOnlyMany'
};
const TAKEN_OVER = new Set(
  'pipeline_name pipeline_description base_image docker_image steps_defaults volumes storage_class_name volume_access_mode experiment_name experiment enable_caching timeout kfp_host output_path marshal_path abs_working_dir'.split(
    ' '
  )
);

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
