/** Longest name that the list shows whole, letters. */
const ROOM = 20;

/**
 * The name in about as many letters as the list has room for: its numbers, which tell layers and experts
 * apart, and as much of its end as fits. `encoder.layer.0.attention.self.query.weight` is
 * `…0 … query.weight`.
 */
export function briefName(name: string, room = ROOM): string {
  const parts = name.split(/(?<=[./])/);
  if (name.length <= room || parts.length < 3) return name;
  const isNumber = (part: string) => /^\d+[./]?$/.test(part);
  const kept = parts.map((part, at) => isNumber(part) || at === parts.length - 1);
  const written = () => {
    const text = parts.map((part, at) => {
      if (!kept[at]) return at === 0 ? "…" : kept[at - 1] ? " … " : "";
      return at + 1 < parts.length && !kept[at + 1] ? part.replace(/[./]$/, "") : part;
    });
    return text.join("");
  };
  for (let at = parts.length - 2; at >= 0; at--) {
    if (kept[at]) continue;
    kept[at] = true;
    if (written().length > room) {
      kept[at] = false;
      break;
    }
  }
  return written();
}
