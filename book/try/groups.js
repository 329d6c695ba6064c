// Structural groups of a repeat unit, counted on the endless chain (src/trinity/groups.py).

/** Groups of the middle unit, each atom given to the first group that matches. */
export function claimGroups(mol, { chain, start, stop }, table) {
  const matches = new Map();
  const counts = {};
  const owner = new Set();
  for (const { name, smarts, hydrogens } of table) {
    if (!matches.has(smarts)) matches.set(smarts, chain.matches(smarts));
    for (const match of matches.get(smarts)) {
      if (match.some((atom) => owner.has(atom))) continue;
      const held = match.reduce((sum, atom) => sum + chain.atoms[atom].hydrogens, 0);
      if (hydrogens && (held < hydrogens[0] || held > hydrogens[1])) continue;
      match.forEach((atom) => owner.add(atom));
      if (start <= match[0] && match[0] < stop) counts[name] = (counts[name] ?? 0) + 1;
    }
  }
  const places = mol.atoms.filter((atom) => atom.number !== 0).map((atom) => atom.index + 1);
  const uncovered = chain.atoms
    .slice(start, stop)
    .filter((atom) => !owner.has(atom.index))
    .map((atom) => `${atom.symbol}:${places[atom.index - start]}`);
  return { counts, uncovered };
}
