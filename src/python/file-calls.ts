import type { Effect } from './types';

type Access = Effect['access'];

/** What a function does to the file that one of its arguments names. */
export interface FileUseRule {
  /** Which argument: its position, or `none` if the text does not say which files are meant. */
  readonly argument: number | 'none';
  /** Keywords that name it instead. */
  readonly keywords: RegExp;
  /** `mode`: what the argument for the mode says. */
  readonly access: Access | 'mode';
  /** Where the mode stands, and what holds without one; a mode that begins with `r` or `c` only reads. */
  readonly mode?: {
    readonly argument: number;
    readonly keyword: string;
    readonly reads: boolean;
    /** Modes that only read. */
    readonly reading: RegExp;
  };
  /** Without that argument the call has nothing to do with files: `HTML('<b>')`. */
  readonly onlyIfGiven?: boolean;
}

const PATH_WORD = /path|file|fname|^f$|dir|folder|src|dst|source|target|database|location|^name$/i;

const use = (argument: FileUseRule['argument'], access: Access): FileUseRule => ({
  argument,
  keywords: PATH_WORD,
  access
});
const modeAt = (
  argument: number,
  keyword: string,
  reads: boolean,
  reading = /^r(?!.*\+)/
): FileUseRule => ({
  argument: 0,
  keywords: PATH_WORD,
  access: 'mode',
  mode: { argument, keyword, reads, reading }
});
const given = (keywords: RegExp, access: Access): FileUseRule => ({
  argument: 'none',
  keywords,
  access,
  onlyIfGiven: true
});

const READS = [use(0, 'read')];
const CHANGES = [use(0, 'change')];
const SECOND = [use(1, 'change')];
const ANYTHING = [use('none', 'change')];

/** Functions of the standard library and of common ones, by qualified name; the first that fits holds. */
const FUNCTIONS: readonly (readonly [RegExp, readonly FileUseRule[]])[] = [
  [/^((io|gzip|bz2|lzma|codecs|tokenize)\.)?open$/, [modeAt(1, 'mode', true)]],
  [/^(gzip\.GzipFile|bz2\.BZ2File|lzma\.LZMAFile|io\.FileIO)$/, [modeAt(1, 'mode', true)]],
  [
    /^(zipfile\.(Py)?ZipFile|tarfile\.(open|TarFile)|h5py\.File|(wave|aifc|sunau)\.open|netCDF4\.Dataset)$/,
    [modeAt(1, 'mode', true)]
  ],
  [/^numpy\.(memmap|lib\.format\.open_memmap)$/, [modeAt(2, 'mode', false, /^(r|c)$/)]],
  [/^shelve\.\w+$/, [modeAt(1, 'flag', false, /^r$/)]],
  [/^dbm(\.\w+)?\.open$/, [modeAt(1, 'flag', true, /^r$/)]],
  [/^pandas\.HDFStore$/, [modeAt(1, 'mode', false, /^r$/)]],
  [/^(sqlite3|duckdb|apsw)\.(connect|Connection)$/, CHANGES],
  [/^sqlalchemy\.create_engine$/, CHANGES],
  [/^shutil\.(copy\w*)$/, [use(0, 'read'), use(1, 'change')]],
  [
    /^shutil\.move$|^os\.(rename|renames|replace|link|symlink)$/,
    [use(0, 'change'), use(1, 'change')]
  ],
  [/^shutil\.(make_archive)$/, [use(0, 'change'), use('none', 'read')]],
  [/^shutil\.unpack_archive$/, [use(0, 'read'), use('none', 'change')]],
  [/^shutil\.(rmtree|chown)$/, CHANGES],
  [/^shutil\.(which|get_\w+|disk_usage|ignore_patterns|register_\w+|unregister_\w+)$/, []],
  [
    /^os\.(remove|unlink|mkdir|makedirs|rmdir|removedirs|truncate|open|l?chmod|l?chown|utime|mkfifo|mknod)$/,
    CHANGES
  ],
  [/^os\.(listdir|walk|fwalk|scandir|stat|lstat|access|readlink)$/, READS],
  [
    /^os\.path\.(exists|lexists|isfile|isdir|islink|ismount|getsize|get[mac]time|samefile|realpath)$/,
    READS
  ],
  [/^(os\.chdir|contextlib\.chdir)$/, READS],
  [
    /^(subprocess\.\w+|os\.(system|popen|exec\w+|spawn\w+|posix_spawn\w*|startfile)|pty\.spawn|pexpect\.\w+|asyncio\.create_subprocess_\w+)$/,
    ANYTHING
  ],
  [/^glob\.i?glob\d?$/, READS],
  [
    /^(linecache\.\w+|tokenize\.open|imghdr\.what|sndhdr\.what|zipfile\.is_zipfile|tarfile\.is_tarfile|dbm\.whichdb|netrc\.netrc|compileall\.\w+|py_compile\.compile)$/,
    READS
  ],
  [/^runpy\.run_\w+$/, ANYTHING],
  [/^importlib\.reload$/, [use('none', 'read')]],
  [/^filecmp\.\w+$/, [use(0, 'read'), use(1, 'read')]],
  [/^fileinput\.(input|FileInput)$/, CHANGES],
  [
    /^(mailbox\.\w+|zipapp\.create_archive|logging\.(handlers\.\w*FileHandler|handlers\.\w*Rotating\w*|FileHandler)|sqlite3\.dbapi2\.connect)$/,
    CHANGES
  ],
  [/^logging\.basicConfig$/, [given(/^filename$/, 'change')]],
  [/^urllib\.request\.urlretrieve$/, SECOND],
  [/^wget\.download$|^gdown\.\w+$/, ANYTHING],
  [
    /^xml\.etree\.\w+\.(parse|iterparse)$|^xml\.dom\.\w+\.parse$|^xml\.sax\.parse$|^lxml\.\w+\.(parse|iterparse)$/,
    READS
  ],
  [
    /^IPython\.display\.(Image|Audio|Video|HTML|SVG|Markdown|JSON|Javascript|Pretty|Latex|Math|FileLink|FileLinks|display_\w+)$/,
    [given(/^(filename|url|data|path)$/, 'read'), { ...use(0, 'read'), onlyIfGiven: true }]
  ],
  [/^pandas\.read_(sql\w*)$/, [use('none', 'read')]],
  [/^pandas\.read_(clipboard|gbq)$/, []],
  [/^pandas\.(read_\w+|ExcelFile)$/, READS],
  [/^pandas\.ExcelWriter$/, CHANGES],
  [/^numpy\.(load|loadtxt|genfromtxt|fromfile|fromregex|DataSource)$/, READS],
  [/^numpy\.(save|savez|savez_compressed|savetxt)$/, CHANGES],
  [/^scipy\.(io|sparse)\.(\w+\.)?(load\w*|mmread|mminfo|whosmat|readsav|read)$/, READS],
  [/^scipy\.(io|sparse)\.(\w+\.)?(save\w*|mmwrite|write)$/, CHANGES],
  [
    /^matplotlib\.(pyplot\.imread|image\.imread|rc_file|(pyplot\.)?style\.use)$/,
    [{ ...use(0, 'read'), onlyIfGiven: true }]
  ],
  [/^matplotlib\.(pyplot\.(savefig|imsave)|image\.imsave)$/, CHANGES],
  [
    /^(joblib|cloudpickle|dill)\.load$|^torch\.(load|jit\.load)$|^PIL\.Image\.open$|^xarray\.open_\w+$|^geopandas\.read_\w+$/,
    READS
  ],
  [
    /^joblib\.dump$|^torch\.(save|jit\.save|onnx\.export)$|^sklearn\.datasets\.dump_svmlight_file$/,
    SECOND
  ],
  [/^sklearn\.datasets\.(load_files|load_svmlight_files?)$/, READS],
  [/^sklearn\.tree\.export_graphviz$/, [use(1, 'change')]],
  [/^sklearn\.datasets\.(load_\w+|make_\w+)$/, []],
  [/^(torchvision|torchaudio|torchtext)\.datasets\.\w+$/, CHANGES]
];

/** Libraries whose functions of any name take handles, texts or settings, never the name of a file, but for those above. */
const WITHOUT_FILES =
  /^(json|pickle|_pickle|marshal|csv|yaml|toml|tomllib|tomli|plistlib|dill|cloudpickle|math|cmath|re|regex|datetime|time|calendar|random|statistics|decimal|fractions|numbers|collections|functools|itertools|operator|string|textwrap|struct|hashlib|hmac|base64|binascii|typing|typing_extensions|abc|enum|dataclasses|copy|types|weakref|contextvars|warnings|logging|argparse|inspect|ast|dis|pprint|reprlib|heapq|bisect|array|uuid|secrets|html|unicodedata|locale|gettext|threading|queue|asyncio|concurrent|signal|traceback|gc|sys|platform|importlib|builtins|unittest|doctest|contextlib|io|tempfile|errno|getpass|urllib\.parse|os\.(path\.\w+|environ|getenv|getcwd|fspath|putenv|fsencode|fsdecode|cpu_count|getpid|path)|pathlib|numpy|pandas|matplotlib|seaborn|polars\.(DataFrame|Series|col|lit)|sympy|torch\.(nn|tensor|zeros|ones|optim|cuda|device|backends)|tensorflow\.(constant|math|Variable)|keras\.(layers|optimizers|losses|metrics)|sklearn\.(?!datasets|externals)\w+|statsmodels|tqdm|bs4|dateutil|pytz)\b/;

/** Methods that touch the file or folder that their receiver, or their first argument, names. */
const WRITING_METHODS = new Set(
  `to_csv to_excel to_json to_parquet to_pickle to_feather to_hdf to_html to_latex to_markdown to_sql to_stata to_orc to_xml to_netcdf to_zarr savefig save write_text write_bytes save_weights save_model to_file tofile dump mkdir touch unlink rmdir rename write_image write_html symlink_to hardlink_to link_to chmod extractall extract write_csv write_parquet write_json sink_parquet sink_csv savetxt writestr mkstemp`.split(
    /\s+/
  )
);

/** Those whose first argument is no path, or the path of something other than the file: the text does not say which file they write. */
const WRITES_UNKNOWN = new Set(
  'to_sql dump write_text write_bytes mkdir touch unlink rmdir rename symlink_to hardlink_to link_to chmod extractall extract writestr'.split(
    ' '
  )
);

/** Methods that give the text back if they are not told a file. */
const WRITES_IF_TOLD = new Set(
  'to_csv to_json to_html to_latex to_markdown to_xml to_netcdf'.split(' ')
);

/** Methods that read a file or folder. */
const READING_METHODS = new Set(
  `read_text read_bytes exists is_file is_dir is_symlink iterdir glob rglob stat lstat load_weights load_model samefile`.split(
    /\s+/
  )
);

/** Names of functions that say that they read or write a file. */
const READING_NAME =
  /^(im|wav|mm)?read([_A-Z]|$)|^load([_A-Z]|$)(?!state_dict|ext)|^from_(file|path|csv|json_file|pretrained)|^(parse|open)_?(file|path)|^scan_\w+$/i;
const WRITING_NAME =
  /^(im|wav|mm)?(write|save)([_A-Z]|$)|^export([_A-Z]|$)|^download|^(url)?retrieve$|^(un)?(zip|tar)$|^(extract|dump)_?(all|file|to)/i;

/** What a call by a name that says so does to files; undefined if the name says nothing. */
export function accessByName(last: string): Access | undefined {
  return WRITING_NAME.test(last) ? 'change' : READING_NAME.test(last) ? 'read' : undefined;
}

/** What is known about the files of a function of a library; undefined if nothing is. */
export function fileRulesOf(qualified: string): readonly FileUseRule[] | undefined {
  return FUNCTIONS.find(([pattern]) => pattern.test(qualified))?.[1];
}

/** What a method of this name does to files, whatever its receiver; undefined if nothing is known. */
export function fileRulesOfMethod(method: string): readonly FileUseRule[] | undefined {
  if (method === 'open') {
    return [{ ...modeAt(0, 'mode', true), argument: 'none' }];
  }
  if (WRITING_METHODS.has(method)) {
    const rule = use(WRITES_UNKNOWN.has(method) ? 'none' : 0, 'change');
    return [WRITES_IF_TOLD.has(method) ? { ...rule, onlyIfGiven: true } : rule];
  }
  return READING_METHODS.has(method) ? [use('none', 'read')] : undefined;
}

/** The library's functions take no names of files, but for those that are known. */
export function isWithoutFiles(qualified: string): boolean {
  return WITHOUT_FILES.test(qualified);
}

/** Methods that take texts which are no names of files: of texts, containers, frames, pictures, loggers. */
const PLAIN_METHODS =
  /^(set_\w+|\w*label\w*|\w*title|text|annotate|legend|a[xy][hv]\w+|plot\w*|hist|bar\w*|scatter|line|debug|info|warning|warn|error|critical|exception|log|getLogger|add_argument|strptime|strftime|execute\w*|cursor|send\w*|print|display|register\w*|subscribe|emit|tz_\w+|with_columns|select|group_by|assert\w*|fit\w*|predict\w*|add_\w+|update_\w+|append|extend|insert|appendleft|add|push|put|setdefault|update|remove|discard|pop|rule|route|get|post|cell_magic|line_magic|run_line_magic|magic|system|writelines)$/;

/** A method of this name takes no names of files. */
export function isPlainMethod(method: string): boolean {
  return PLAIN_METHODS.test(method);
}

/** Keywords that name files. */
export function isPathKeyword(keyword: string): boolean {
  return /path|file|fname|dir$|directory|folder|^out|output|^src$|^dst$|save|load|database|^db|^ur[il]$|source|target|^root|cache|log|^data$|^name$|store/i.test(
    keyword
  );
}

/** A name that says that it stands for a file. */
export function isPathName(name: string): boolean {
  return /(^|_)(path|paths|fname|filename|filepath|dirname|directory|folder|outdir|out_?file|in_?file|dest|destination)$|[a-z](Path|File|Dir|Folder)$|_(file|dir)$/i.test(
    name
  );
}

/** A text that looks like the name of a file or folder: with a slash or an extension, and no sentence, date, number, type or markup. */
export function looksLikePath(text: string): boolean {
  if (text.length === 0 || text.length > 300 || /[\n<>|"{}$;!]/.test(text)) {
    return false;
  }
  if (isRemote(text) || /^[\d\s.,:/%eE+-]*$/.test(text) || /^(\.\.?)$/.test(text)) {
    return /^\.\.?$/.test(text);
  }
  const isSlashed =
    /[/\\]/.test(text) &&
    !/\s[/\\]|[/\\]\s/.test(text) &&
    !/^(text|application|image|audio|video|multipart|font)\/[\w.+-]+$/.test(text) &&
    !/%[YmdHMSyBbjf]/.test(text);
  const isExtended =
    /[^\s./\\]\.(?=\w*[A-Za-z])\w{1,10}$/.test(text) && !/[.,:?] /.test(text) && !/\.$/.test(text);
  return isSlashed || isExtended;
}

/** An address that is no file of this machine. */
export function isRemote(path: string): boolean {
  return /^[a-z][a-z0-9+]+:\/\//i.test(path) && localFile(path) === undefined;
}

/** The file of `sqlite:///x.db` or `file:///x`; undefined for other texts. */
export function localFile(path: string): string | undefined {
  return /^(?:sqlite|duckdb|file)(?:\+\w+)?:\/\/\/?(.*)$/i.exec(path)?.[1];
}
