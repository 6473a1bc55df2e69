import type { CellFacts, Effect, Magic } from './types';

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** Magics that only set up how the process shows or times things: repeated where a later step needs IPython. */
const CONFIGURATION = words(
  'matplotlib config load_ext reload_ext autoreload precision pylab xmode colors pprint alias unalias alias_magic'
);

/** Magics that run the code behind them, and which of their options take a value. */
const RUNS_CODE: Readonly<Record<string, string>> = {
  time: '',
  timeit: 'nrp',
  prun: 'lsTD',
  lprun: 'fmDTsu',
  memit: 'rti',
  mprun: 'fT',
  capture: ''
};

/** Magics that only look, or that belong to the front end. */
const LOOKS = words(`
  who who_ls whos lsmagic magic pinfo pinfo2 pdoc pdef pfile psource psearch history hist pwd page quickref autosave
  html HTML latex markdown svg SVG javascript js watermark autocall automagic pdb tb
`);

/** Magics that run a program, in a process of its own. */
const PROGRAMS = words(`
  bash sh script system sx ! ruby perl python python2 python3 pypy cmd ls ll cat mkdir rmdir rm cp mv less more man
`);

/** IPython's own line magics and ipykernel's that can be called without `%`. */
const LINE_MAGICS = words(`
  alias alias_magic autoawait autocall automagic autosave bookmark cat cd clear colors conda config connect_info cp debug dhist
  dirs doctest_mode ed edit env gui hist history killbgscripts ldir less lf lk ll load load_ext loadpy logoff logon logstart
  logstate logstop ls lsmagic lx macro magic mamba man matplotlib micromamba mkdir more mv notebook page pastebin pdb pdef pdoc
  pfile pinfo pinfo2 pip popd pprint precision prun psearch psource pushd pwd pycat pylab qtconsole quickref recall rehashx
  reload_ext rep rerun reset reset_selective rm rmdir run save sc set_env sx system tb time timeit unalias unload_ext uv who
  who_ls whos xdel xmode
`);

/** Those of them that are hardly ever the names of variables: `ls -l` is a listing, not a subtraction. */
const COMMANDS = words(
  'cat cd conda cp ll ls lsmagic mkdir mv pip pwd quickref rm rmdir uv who whos'
);

const PACKAGES = words('pip conda mamba micromamba uv');

/** Magics that do what {@link effectsOfMagic} says and nothing else. */
const PLAIN_EFFECTS = words('env set_env cd pushd popd writefile file');

/** What is known about a magic. @param name without `%` */
export function effectOfName(name: string): Magic['effect'] {
  if (runsCode(name)) {
    return 'runs-code';
  }
  if (CONFIGURATION.has(name)) {
    return 'configuration';
  }
  if (PACKAGES.has(name)) {
    return 'packages';
  }
  if (PROGRAMS.has(name)) {
    return 'shell';
  }
  return LOOKS.has(name) ? 'none' : 'unknown';
}

/** IPython has a line magic of this name from the start. */
export function isLineMagic(name: string): boolean {
  return LINE_MAGICS.has(name);
}

/** The name is that of a command of a shell, or of a magic like one, rather than a variable's. */
export function isCommandName(name: string): boolean {
  return COMMANDS.has(name);
}

/** The text behind a magic is Python that runs in the notebook. */
export function runsCode(name: string): boolean {
  return Object.hasOwn(RUNS_CODE, name);
}

/** `%timeit` and its kin run their code in a function: what it assigns is gone afterwards. */
export function keepsNames(name: string): boolean {
  return name !== 'timeit';
}

/**
 * The options at the start of what stands behind a magic that runs code (`-n 10 -o f()` → `-n 10 -o `), with blanks.
 * @param rest the text after the magic's name
 */
export function optionsOf(name: string, rest: string): string {
  const valued = RUNS_CODE[name] ?? '';
  let end = /^\s*/.exec(rest)?.[0].length ?? 0;
  for (;;) {
    const option = /^-(?:-[\w-]+|([A-Za-z])(\S*))(?:\s+|$)/.exec(rest.slice(end));
    if (option === null) {
      return rest.slice(0, end);
    }
    end += option[0].length;
    if (option[1] !== undefined && option[2] === '' && valued.includes(option[1])) {
      end += /^\S*\s*/.exec(rest.slice(end))?.[0].length ?? 0;
    }
  }
}

/** A shell line that installs packages: `!pip install x`, `!{sys.executable} -m pip install x`; with or without `!`. */
export function installsPackages(command: string): boolean {
  return /^!*\s*(\{?sys\.executable\}?|python[\d.]*)?\s*(-m\s+)?(uv\s+)?(pip[\d.]*|conda|mamba|micromamba)\s+install\b/.test(
    command
  );
}

/** Programs that only read. */
const READERS = words(`
  ls cat head tail wc echo pwd grep egrep zcat du df file which type nvidia-smi free uname date whoami hostname lscpu nproc
  stat md5sum sha256sum sort uniq cut diff less more tree printf true
`);

/** What a shell text does to files. Programs that are not known to read only may do anything. */
function effectsOfShell(magic: Magic): readonly Effect[] {
  const what = firstLine(magic);
  const text = magic.text.replace(/^!+|^%%?(?:\w+|!)/, '').replace(/\\\n/g, ' ');
  const reads: string[] = [];
  for (const command of text.split(/\|\|?|&&|[;\n]/)) {
    const [program, ...rest] = command.trim().split(/\s+/);
    if (
      program === '' ||
      (/^python[\d.]*$/.test(program) && /^(-V|--version)$/.test(rest.join(' ')))
    ) {
      continue;
    }
    if (!READERS.has(program) || /[>&`]|\$\(/.test(command)) {
      return [{ channel: 'files', access: 'change', at: magic.at, what }];
    }
    if (program !== 'echo' && program !== 'printf') {
      reads.push(...rest.filter(word => /^[\w./][\w./-]*$/.test(word) && !/^\d+$/.test(word)));
    }
  }
  const isPlain = /^\s*(cat|head|tail|wc)\b/.test(text) && reads.length > 0 && !/[*?{$]/.test(text);
  return isPlain
    ? reads.map(path => ({ channel: 'files', access: 'read', at: magic.at, what, path }))
    : [{ channel: 'files', access: 'read', at: magic.at, what }];
}

/** The effects of a magic or shell line beyond the code that it runs. */
export function effectsOfMagic(magic: Magic): readonly Effect[] {
  const effect = (channel: Effect['channel'], access: Effect['access'], path?: string): Effect => ({
    channel,
    access,
    at: magic.at,
    what: firstLine(magic),
    ...(path === undefined ? {} : { path })
  });
  if (magic.kind === 'help') {
    return [];
  }
  if (magic.effect === 'packages') {
    return [effect('packages', 'change'), effect('files', 'change')];
  }
  if (magic.effect === 'shell') {
    return magic.kind === 'line' && ['ls', 'll', 'cat', 'less', 'more', 'man'].includes(magic.name)
      ? [effect('files', 'read')]
      : effectsOfShell(magic);
  }
  switch (magic.name) {
    case 'env':
    case 'set_env':
      return [effect('environ', /=|\s\w+\s+\S/.test(magic.text) ? 'change' : 'read')];
    case 'cd':
    case 'pushd':
    case 'popd':
      return [effect('cwd', 'change'), effect('files', 'read', folderOf(magic))];
    case 'writefile':
    case 'file': {
      const path = /^%%\w+\s+(?:-a\s+|--append\s+)?(["']?)([^\s"']+)\1/.exec(magic.text)?.[2];
      return [effect('files', 'change', path && /[{$]/.test(path) ? undefined : path)];
    }
    case 'matplotlib':
    case 'config':
      return /figure|inline/i.test(magic.text) ? [] : [effect('rcParams', 'change')];
    case 'precision':
      return [effect('numpy.options', 'change')];
    default:
      // What a magic that nobody knows, `%run` and `%load` among them, does to files nobody knows.
      return magic.effect === 'unknown' ? [effect('files', 'change')] : [];
  }
}

/** The folder that `%cd -q data` goes to, if it stands there as it is; without one it goes home. */
function folderOf(magic: Magic): string | undefined {
  const path = /^%?\w+\s+(?:-q\s+)?(["']?)([\w./ -]+?)\1\s*$/.exec(magic.text)?.[2];
  return path === '-' || path?.startsWith('-') ? undefined : path;
}

/** Magics that run code which is not in the cell, or that nobody knows. */
export function dynamicMagic(magic: Magic): CellFacts['dynamic'] {
  const runs = magic.effect === 'unknown' && !PLAIN_EFFECTS.has(magic.name);
  return runs || magic.name === 'pylab'
    ? [{ what: firstLine(magic), reads: true, binds: true, at: magic.at }]
    : [];
}

function firstLine(magic: Magic): string {
  return magic.text.split('\n')[0];
}
