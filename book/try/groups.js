// Structural groups of the endless chain of a polymer (src/trinity/chemistry/groups.py).

/** Groups of one unit of a periodic chain, each atom given to the first group that matches together
 * with its images in all other units; and the place and element of its atoms that none covers. */
export function claimGroups({ chain, start, stop }, table) {
  const size = stop - start;
  const matches = new Map();
  const counts = {};
  const free = new Map(chain.atoms.slice(start, stop).map((a) => [a.index % size, a.symbol]));
  for (const { name, smarts, hydrogens } of table) {
    if (!matches.has(smarts)) matches.set(smarts, chain.matches(smarts));
    for (const match of matches.get(smarts)) {
      const places = new Set(match.map((k) => k % size));
      const first = Math.min(...match);
      if (first < start || first >= stop || places.size < match.length) continue;
      if (![...places].every((k) => free.has(k))) continue;
      const held = match.reduce((sum, atom) => sum + chain.atoms[atom].hydrogens, 0);
      if (hydrogens && (held < hydrogens[0] || held > hydrogens[1])) continue;
      places.forEach((k) => free.delete(k));
      counts[name] = (counts[name] ?? 0) + 1;
    }
  }
  return { counts, bare: free };
}
