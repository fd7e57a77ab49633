// Semantic Versioning 2.0.0 §11, as far as ranges of advisories need it.

/** @returns below 0 if `a` comes before `b`, above 0 if after it; what follows a "+" does not count */
export function compareVersions(a, b) {
  const [left, right] = [parse(a), parse(b)];
  for (let i = 0; i < 3; i++) if (left.core[i] !== right.core[i]) return left.core[i] - right.core[i];
  return comparePreReleases(left.pre, right.pre);
}

/** @throws Error for what is no version */
function parse(version) {
  const found = /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$/.exec(version);
  if (!found) throw new Error(`"${version}" is no version`);
  const [, major, minor = '0', patch = '0', pre = ''] = found;
  return { core: [major, minor, patch].map(Number), pre: pre ? pre.split('.') : [] };
}

/** A version without one comes after all that have one. */
function comparePreReleases(a, b) {
  if (a.length === 0 || b.length === 0) return b.length - a.length;
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    if (a[i] === b[i]) continue;
    const numbers = [a[i], b[i]].map((part) => /^\d+$/.test(part));
    if (numbers[0] && numbers[1]) return Number(a[i]) - Number(b[i]);
    if (numbers[0] !== numbers[1]) return numbers[0] ? -1 : 1;
    return a[i] < b[i] ? -1 : 1;
  }
  return a.length - b.length;
}
