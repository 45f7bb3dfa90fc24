/**
 * How well a text matches what was typed: every letter in order, better where letters are together
 * or begin a word; null if it does not. Words with spaces between must all match.
 */
export function match(query: string, text: string): number | null {
  let total = 0;
  const low = text.toLowerCase();
  for (const word of query.toLowerCase().split(/\s+/)) {
    if (word === "") continue;
    const score = matchWord(word, low);
    if (score === null) return null;
    total += score;
  }
  return total - text.length * 0.01;
}

function matchWord(word: string, text: string): number | null {
  const whole = text.lastIndexOf(word);
  if (whole >= 0) return word.length * 4 + (starts(text, whole) ? 6 : 0) + (starts(text, whole + word.length) ? 2 : 0);
  let at = -1;
  let score = 0;
  for (const letter of word) {
    const next = text.indexOf(letter, at + 1);
    if (next < 0) return null;
    score += next === at + 1 ? 2 : starts(text, next) ? 1.5 : 0.2;
    at = next;
  }
  return score;
}

function starts(text: string, at: number): boolean {
  return at === 0 || at >= text.length || /[^a-z0-9]/.test(text[at - 1]!) || /[^a-z0-9]/.test(text[at]!);
}
