/** A name that a star import binds, with where it comes from: `seed` of `from pylab import *` is `numpy.random`'s. */
export interface StarName {
  readonly name: string;
  readonly module: string;
  /** Undefined if the name is that module itself. */
  readonly attribute?: string;
}

/** What `from module import *` binds, by module. Installed packages differ, so a Python has to be asked for most. */
export type StarNames = ReadonlyMap<string, readonly StarName[]>;

/** Known without asking: modules whose names are common words, as CPython 3.8 to 3.14 have them. */
const WITHOUT_ASKING: Readonly<Record<string, readonly string[]>> = {
  math: `acos acosh asin asinh atan atan2 atanh ceil comb copysign cos cosh degrees dist e erf erfc exp expm1 fabs factorial floor fmod
    frexp fsum gamma gcd hypot inf isclose isfinite isinf isnan isqrt ldexp lgamma log log10 log1p log2 modf nan perm pi pow prod
    radians remainder sin sinh sqrt tan tanh tau trunc`.split(/\s+/),
  random:
    `Random SystemRandom betavariate choice choices expovariate gammavariate gauss getrandbits getstate lognormvariate
    normalvariate paretovariate randbytes randint random randrange sample seed setstate shuffle triangular uniform vonmisesvariate
    weibullvariate`.split(/\s+/)
};

export const KNOWN_STAR_NAMES: StarNames = new Map(
  Object.entries(WITHOUT_ASKING).map(([module, names]) => [
    module,
    names.map(name => ({ name, module, attribute: name }))
  ])
);
