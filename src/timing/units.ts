/** A duration for people: `420 ms`, `3.1 s`, `2 min 05 s`, `1 h 02 min`. @param ns nanoseconds */
export function formatDuration(ns: number): string {
  const ms = ns / 1e6;
  if (ms < 1) {
    return ns <= 0 ? '0 ms' : '<1 ms';
  }
  if (ms < 999.5) {
    return `${Math.round(ms)} ms`;
  }
  const seconds = ms / 1000;
  if (seconds < 59.95) {
    return `${seconds.toFixed(1)} s`;
  }
  const whole = Math.round(seconds);
  const two = (value: number) => String(value).padStart(2, '0');
  return whole < 3600
    ? `${Math.floor(whole / 60)} min ${two(whole % 60)} s`
    : `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
}

/** An amount of memory for people, in powers of ten: `0 B`, `1.2 kB`, `34 MB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 9.95 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** A share for people: `81 %`. @param share from 0 to 1 */
export function formatShare(share: number): string {
  return `${Math.round(share * 100)} %`;
}
