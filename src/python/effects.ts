import { fileRulesOf } from './file-calls';
import type { Channel, Effect } from './types';

type Known = Pick<Effect, 'channel' | 'access'>;

/** Functions that set or move a generator of which a process has one, by qualified name. Longest match of a prefix wins. */
const EFFECTS: readonly (readonly [RegExp, Channel, Effect['access']])[] = [
  [/^random\.(seed|setstate)$/, 'random', 'set'],
  [/^random\.(getstate|Random|SystemRandom)\b/, 'random', 'read'],
  [/^random\.\w+$/, 'random', 'change'],
  [/^numpy\.random\.(seed|set_state)$/, 'numpy.random', 'set'],
  [
    /^numpy\.random\.(default_rng|RandomState|Generator|PCG64|SeedSequence|get_state|mtrand)\b/,
    'numpy.random',
    'read'
  ],
  [/^numpy\.random\.\w+$/, 'numpy.random', 'change'],
  [/^torch\.(manual_seed|cuda\.manual_seed(_all)?|set_rng_state|seed)$/, 'torch.random', 'set'],
  [
    /^torch\.(rand|randn|randint|randperm|bernoulli|multinomial|normal)(_like)?$/,
    'torch.random',
    'change'
  ],
  [
    /^tensorflow\.(random\.set_seed|set_random_seed|keras\.utils\.set_random_seed)$/,
    'tensorflow.random',
    'set'
  ],
  [/^tensorflow\.random\./, 'tensorflow.random', 'change'],
  [
    /^os\.(putenv|unsetenv)$|^time\.tzset$|^os\.environ\.(update|setdefault|pop|clear|popitem)$|^dotenv\.load_dotenv$/,
    'environ',
    'change'
  ],
  [/^os\.(getenv|environ\.(get|copy|items|keys))$/, 'environ', 'read'],
  [/^os\.(chdir|fchdir)$/, 'cwd', 'set'],
  [/^sys\.path\.(append|insert|extend|remove|pop|clear)$|^site\.addsitedir$/, 'sys.path', 'change'],
  [/^warnings\.(filterwarnings|simplefilter|resetwarnings)$/, 'warnings', 'change'],
  [
    /^matplotlib\.(use|rc|rcdefaults|rc_file|style\.use|rcParams\.update|pyplot\.(rc|rcdefaults|style\.use|xkcd|rcParams\.update|set_cmap))$/,
    'rcParams',
    'change'
  ],
  [
    /^seaborn\.(set|set_theme|set_style|set_context|set_palette|set_color_codes|reset_defaults)$/,
    'rcParams',
    'change'
  ],
  [
    /^pandas\.(set_option|reset_option|options\b.*|plotting\.register_matplotlib_converters)$/,
    'pandas.options',
    'change'
  ],
  [/^numpy\.(set_printoptions|seterr|setbufsize|set_string_function)$/, 'numpy.options', 'change'],
  [/^decimal\.(getcontext|setcontext)\b/, 'decimal', 'change'],
  [/^locale\.setlocale$/, 'locale', 'change'],
  [/^logging\.(basicConfig|disable|config\.\w+)$/, 'logging', 'change'],
  [/^signal\.signal$/, 'patch', 'change'],
  [/^threading\.Thread\b.*\.start$/, 'threads', 'change']
];

/** Functions with a seed in their name seed whatever they can reach. */
const SEEDS =
  /(^|\.)(set_(all_)?seeds?|seed_everything|fix_seeds?|set_random_seed|seed_all|manual_seed)$/;

/** Methods (of anything) that draw from numpy's global generator unless they are given one. */
const DRAWING_METHODS = new Set(
  `sample rvs fit fit_transform fit_predict fit_resample partial_fit shuffle resample bootstrap random_sample`.split(
    /\s+/
  )
);

/** Functions of scikit-learn and its kin that draw likewise. */
const DRAWING_FUNCTIONS =
  /^(sklearn|scipy|imblearn|statsmodels|networkx|seaborn|umap)\..*\b(train_test_split|shuffle|resample|make_\w+|cross_val_\w+|cross_validate|permutation_importance|learning_curve|rvs|spring_layout|\w*(?:random|rewir|swap)\w*|\w+_(?:graph|tree|layout|model|community|communities|modularity)|KMeans|KFold|StratifiedKFold|ShuffleSplit|bootstrap|lineplot|barplot|pointplot|regplot|lmplot|jointplot|catplot|stripplot|swarmplot|kmeans\w*|TSNE)$/;

/** Methods that set up loggers and their handlers. */
const LOGGING_METHODS = new Set(
  `setLevel addHandler removeHandler setFormatter addFilter removeFilter`.split(/\s+/)
);

/**
 * The effects of a call, but for those on files: see `file-calls.ts`.
 * @param qualified the function with its imports resolved (`numpy.random.seed`), or a method with its receiver's name (`df.sample`)
 * @param method the last word is a method of an object, not a function of a module
 * @param keywords names of the keyword arguments
 */
export function effectsOfCall(
  qualified: string,
  method: boolean,
  keywords: ReadonlySet<string>
): readonly Known[] {
  const last = qualified.slice(qualified.lastIndexOf('.') + 1);
  const found: Known[] = [];
  if (!method) {
    const known = EFFECTS.find(([pattern]) => pattern.test(qualified));
    if (known) {
      found.push({ channel: known[1], access: known[2] });
    }
  }
  if (SEEDS.test(qualified) && found.every(each => each.access !== 'set')) {
    for (const channel of [
      'random',
      'numpy.random',
      'torch.random',
      'tensorflow.random'
    ] as const) {
      found.push({ channel, access: 'set' });
    }
  }
  const own = keywords.has('random_state') || keywords.has('seed') || keywords.has('rng');
  if (!own && ((method && DRAWING_METHODS.has(last)) || DRAWING_FUNCTIONS.test(qualified))) {
    found.push({ channel: 'numpy.random', access: 'change' });
    if (qualified.startsWith('networkx.')) {
      found.push({ channel: 'random', access: 'change' });
    }
  }
  if (method && (last === 'fit' || last === 'train' || last === 'fit_transform')) {
    found.push({ channel: 'torch.random', access: 'change' });
    found.push({ channel: 'tensorflow.random', access: 'change' });
  }
  if (method && LOGGING_METHODS.has(last)) {
    found.push({ channel: 'logging', access: 'change' });
  }
  return found;
}

/** The channel that an assignment to a target such as `plt.rcParams["x"]`, `os.environ["X"]` or `pd.options.display.width` sets. */
export function channelOfTarget(qualified: string): Channel | undefined {
  if (/^os\.environ\b/.test(qualified)) {
    return 'environ';
  }
  if (/^matplotlib\.(pyplot\.)?rcParams\b/.test(qualified)) {
    return 'rcParams';
  }
  if (/^pandas\.options\b/.test(qualified)) {
    return 'pandas.options';
  }
  if (/^sys\.path\b/.test(qualified)) {
    return 'sys.path';
  }
  if (/^decimal\.(getcontext|localcontext|DefaultContext)\./.test(qualified)) {
    return 'decimal';
  }
  return undefined;
}

/** What has this dotted name, or comes from calling it, sets or moves state of the process wherever it goes by another name. */
export function bearsState(qualified: string): boolean {
  return (
    channelOfTarget(`${qualified}.`) !== undefined ||
    (fileRulesOf(qualified)?.length ?? 0) > 0 ||
    effectsOfCall(qualified, false, new Set()).length > 0
  );
}
