/** Suffixes of Kubernetes quantities (k8s.io/apimachinery/pkg/api/resource) as powers: value × base^exponent. */
const SUFFIXES: Readonly<Record<string, readonly [bigint, number]>> = {
  n: [10n, -9],
  u: [10n, -6],
  m: [10n, -3],
  '': [10n, 0],
  k: [10n, 3],
  M: [10n, 6],
  G: [10n, 9],
  T: [10n, 12],
  P: [10n, 15],
  E: [10n, 18],
  Ki: [2n, 10],
  Mi: [2n, 20],
  Gi: [2n, 30],
  Ti: [2n, 40],
  Pi: [2n, 50],
  Ei: [2n, 60]
};

/** An exact amount: a fraction of whole numbers. */
export interface Quantity {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** Reads a Kubernetes quantity (`500m`, `1.5Gi`, `2e3`); undefined if it is none or negative. */
export function parseQuantity(text: string): Quantity | undefined {
  const match = /^\+?(\d+)?(?:\.(\d*))?(?:(n|u|m|k|[MGTPE]i?|Ki)|[eE]([+-]?\d{1,3}))?$/.exec(text);
  const [, whole = '', fraction = '', suffix = '', exponent] = match ?? [];
  if (!match || whole + fraction === '') {
    return undefined;
  }
  const digits = BigInt(whole + fraction);
  const [base, power] = exponent === undefined ? SUFFIXES[suffix] : [10n, Number(exponent)];
  const scale = 10n ** BigInt(fraction.length);
  return power >= 0
    ? { numerator: digits * base ** BigInt(power), denominator: scale }
    : { numerator: digits, denominator: scale * base ** BigInt(-power) };
}

/** Negative if `a` is less than `b`, positive if more, 0 if equal. */
export function compareQuantities(a: Quantity, b: Quantity): number {
  const difference = a.numerator * b.denominator - b.numerator * a.denominator;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** What a wrong quantity was probably meant to be: `4GB` → `4G` or `4Gi`. */
export function quantityHint(text: string): string | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([kKmMgGtT])(?:[iI]?[bB]?[sS]?|igabytes?|egabytes?)$/.exec(
    text.trim()
  );
  if (!match) {
    return undefined;
  }
  const letter = match[2].toUpperCase();
  return letter === 'K'
    ? `${match[1]}k or ${match[1]}Ki`
    : `${match[1]}${letter} or ${match[1]}${letter}i`;
}

/** Seconds of a duration such as `90s`, `5m`, `1h30m`, `2d` or plain seconds; undefined if it is none or zero. */
export function parseDuration(text: string): number | undefined {
  if (/^\d+$/.test(text)) {
    return Number(text) || undefined;
  }
  const match = /^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text);
  if (!match || text === '') {
    return undefined;
  }
  const [days, hours, minutes, seconds] = match.slice(1).map(each => Number(each ?? 0));
  return ((days * 24 + hours) * 60 + minutes) * 60 + seconds || undefined;
}
