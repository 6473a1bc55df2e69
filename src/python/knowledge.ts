/**
 * What is known about methods and functions of the libraries that notebooks use. Everything that is not listed is
 * taken the careful way: a method changes its receiver, a result may share objects with what it was made from.
 */

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** Methods that leave their receiver as it is, whatever its type. A keyword `inplace=True` or `out=` overrides this. */
export const READING_METHODS = words(`
  abs add_prefix add_suffix agg aggregate all any apply applymap argmax argmin argsort as_integer_ratio asfreq asof astype at_time
  autocorr between between_time bit_length capitalize casefold center clip combine combine_first conj copy corr corrwith count
  cov cummax cummin cumprod cumsum decode describe deepcopy diagonal diff difference dot drop drop_duplicates dropna duplicated
  encode endswith eq equals ewm exists expanding expandtabs explode explain factorize ffill bfill fillna filter find findall
  first_valid_index flatten floordiv format format_map fromkeys ge get get_config get_depth get_dtype_counts get_feature_names_out
  get_level_values get_params get_support get_weights groupby gt hasattr head hex hist idxmax idxmin index infer_objects
  interpolate intersection inverse_transform is_dir is_file isalnum isalpha isascii isdecimal isdigit isdisjoint isidentifier isin
  islower isna isnull isnumeric isspace issubset issuperset istitle isupper item items iteritems iterdir iterrows itertuples join
  joinpath json keys kneighbors kurt kurtosis last le ljust lower lstrip lt mad map mask match max mean median melt memory_usage merge
  min mod mode most_common mul ne nlargest notna notnull nsmallest nunique partition pct_change pipe pivot pivot_table pow
  predict predict_log_proba predict_proba prod product ptp quantile query radd rank ravel read_text read_bytes reindex
  relative_to rename rename_axis repeat replace resample reset_index reshape resolve rfind rglob rindex rjust rolling rotate_left
  round rpartition rsplit rstrip sample score searchsorted select_dtypes sem set_axis set_index shift skew sort_index sort_values
  split splitlines squeeze stack startswith std stem str strftime strip sub subtract sum summary swapaxes swapcase swaplevel symmetric_difference
  tail take title to_bytes to_clipboard to_csv to_dict to_excel to_feather to_frame to_hdf to_html to_json to_latex to_list to_markdown
  to_numpy to_parquet to_period to_pickle to_records to_sql to_string to_timestamp to_xarray tobytes tolist toordinal trace transform
  translate transpose truediv truncate tz_convert tz_localize union unique unstack upper value_counts values var view weekday
  where with_name with_suffix xs zfill decision_function cdf pdf pmf ppf sf isf logpdf logpmf logcdf interval entropy total_seconds
  timestamp date time isoformat group groups groupdict span getvalue numpy detach cpu glob nonzero parameters named_parameters
  state_dict n_unique to_pandas limit collect params nbytes info plot boxplot
`);

/** Methods that give something that shares no objects with the receiver or the arguments. */
export const FRESH_METHODS = words(`
  abs agg aggregate all any argmax argmin argsort astype bit_length capitalize casefold center copy corr corrwith count cov cummax
  cummin cumprod cumsum deepcopy describe diff dot drop drop_duplicates dropna duplicated decode encode endswith eq equals exists fillna
  find findall flatten format ge get_dummies gt head hex idxmax idxmin index isalpha isdigit isin isna isnull isnumeric
  isspace issubset issuperset join kurt le len ljust lower lstrip lt max mean median melt memory_usage merge min mod mode mul
  ne nlargest notna notnull nsmallest nunique pct_change pivot pivot_table predict predict_log_proba predict_proba prod quantile
  rank read_text read_bytes read_csv read_excel read_json read_parquet read_table reindex rename replace reset_index rjust round rsplit
  rstrip sample score searchsorted select_dtypes sem set_index shape shift sort_index sort_values split splitlines startswith std
  strftime strip sum swapcase tail title to_csv to_dict to_json to_string total_seconds trace translate truediv unique upper
  value_counts var zfill cdf pdf pmf ppf sf isf logpdf zeros ones full empty arange linspace logspace eye identity zeros_like
  ones_like full_like empty_like rand randn randint normal uniform choice permutation random standard_normal integers binomial poisson
  exponential beta gamma seed default_rng concat concatenate vstack hstack column_stack array sqrt exp log log2 log10 sin cos tan tanh power
  maximum minimum floor ceil sign histogram percentile nanmean nansum nanstd cumsum matmul inv solve norm outer inner cross allclose
  isclose array_equal bincount digitize meshgrid date_range to_datetime to_numeric to_timedelta crosstab cut qcut
  mean_squared_error mean_absolute_error accuracy_score r2_score roc_auc_score f1_score confusion_matrix classification_report
  precision_score recall_score train_test_split dumps loads randrange gauss isoformat getcwd listdir
  perf_counter time now today most_common popcount fit_predict cross_val_score make_classification make_regression make_blobs
  load_iris load_digits load_diabetes load_wine load_breast_cancer
`);

/** Builtins and common functions whose result shares nothing with the arguments. */
export const FRESH_FUNCTIONS = words(`
  abs all any ascii bin bool bytes callable chr complex deepcopy divmod float format hash hex id int isinstance issubclass len
  max_ min_ oct ord pow range repr round str sum type print
`);

/** Attributes whose value is immutable or a copy. */
export const FRESH_ATTRIBUTES = words(
  'shape size ndim dtype dtypes name columns nbytes itemsize empty __name__ __class__ __doc__ __version__ n_features_in_'
);

/** Functions, by their last name, that change the argument at the position. Qualified where the bare name is too common. */
export const ARGUMENT_CHANGERS: Readonly<Record<string, number>> = {
  'random.shuffle': 0,
  'numpy.random.shuffle': 0,
  'heapq.heappush': 0,
  'heapq.heappop': 0,
  'heapq.heapify': 0,
  'heapq.heapreplace': 0,
  'heapq.heappushpop': 0,
  'bisect.insort': 0,
  'bisect.insort_left': 0,
  'bisect.insort_right': 0,
  'numpy.fill_diagonal': 0,
  'numpy.put': 0,
  'numpy.place': 0,
  'numpy.copyto': 0,
  'numpy.putmask': 0,
  'numpy.put_along_axis': 0,
  'numpy.add.at': 0,
  'numpy.subtract.at': 0,
  setattr: 0,
  delattr: 0,
  next: 0,
  'itertools.islice': 0,
  'pickle.dump': 1,
  'json.dump': 1
};

/** Modules whose functions draw pictures on axes that are handed in: they change an argument named `ax`. */
export const DRAWING_KEYWORDS = words('ax axes fig figure out');

/** Methods of containers that keep what they are given. */
export const ABSORBING_METHODS = words(
  'append appendleft extend extendleft insert add update setdefault push put __setitem__ assign set_index_names'
);

/** Builtin functions that are no objects of the notebook; what they give may share objects with their arguments. */
export const BUILTIN_CALLS = words(`
  classmethod delattr dict enumerate filter frozenset getattr iter list map max memoryview min next object property reversed set setattr
  slice sorted staticmethod super tuple vars zip bytearray exec eval globals locals open
`);
