import { parseQuantity } from '../notebook/quantity';

/**
 * Amounts of resources by name, in the units that the scheduler counts in: `cpu` in millicores, all others in whole
 * bytes or pieces, rounded up (MilliValue and Value of k8s.io/apimachinery/pkg/api/resource).
 */
export type Amounts = Readonly<Record<string, number>>;

/** Kubernetes quantities as amounts. What is no quantity is left out: the tags have been checked. */
export function amountsOf(quantities: Readonly<Record<string, string>>): Amounts {
  return Object.fromEntries(
    Object.entries(quantities).flatMap(([resource, text]) => {
      const amount = amountOf(resource, text);
      return amount === undefined ? [] : [[resource, amount]];
    })
  );
}

/** One quantity as an amount; undefined if it is none. */
export function amountOf(resource: string, text: string): number | undefined {
  const quantity = parseQuantity(text);
  if (quantity === undefined) {
    return undefined;
  }
  const scaled = quantity.numerator * (resource === 'cpu' ? 1000n : 1n);
  return Number((scaled + quantity.denominator - 1n) / quantity.denominator);
}

/** The sum, resource by resource. */
export function addAmounts(a: Amounts, b: Amounts): Amounts {
  const sum: Record<string, number> = { ...a };
  for (const [resource, amount] of Object.entries(b)) {
    sum[resource] = (sum[resource] ?? 0) + amount;
  }
  return sum;
}

/** The larger of both, resource by resource. */
export function largerAmounts(a: Amounts, b: Amounts): Amounts {
  const larger: Record<string, number> = { ...a };
  for (const [resource, amount] of Object.entries(b)) {
    larger[resource] = Math.max(larger[resource] ?? 0, amount);
  }
  return larger;
}

/** `a` less `b`, resource by resource, of those that `a` has. */
export function lessAmounts(a: Amounts, b: Amounts): Amounts {
  return Object.fromEntries(
    Object.entries(a).map(([resource, amount]) => [resource, amount - (b[resource] ?? 0)])
  );
}

const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi'];

/** An amount as a person writes it: `6.2` CPUs, `1.5Gi` of memory, `2` GPUs. Rounded to two digits after the point. */
export function amountText(resource: string, amount: number): string {
  const short = (value: number) => String(Math.round(value * 100) / 100);
  if (resource === 'cpu') {
    return short(amount / 1000);
  }
  if (!isBytes(resource)) {
    return short(amount);
  }
  let value = amount;
  let power = 0;
  while (Math.abs(value) >= 1024 && power < BINARY.length - 1) {
    value /= 1024;
    power += 1;
  }
  return `${short(value)}${BINARY[power]}`;
}

/** `8 CPU`, `4Gi memory`, `1 nvidia.com/gpu`. */
export function amountWithName(resource: string, amount: number): string {
  return `${amountText(resource, amount)} ${resource === 'cpu' ? 'CPU' : resource}`;
}

function isBytes(resource: string): boolean {
  return (
    resource === 'memory' || resource === 'ephemeral-storage' || resource.startsWith('hugepages-')
  );
}
