/** Round numbers between two ends, about `count` of them, at distances of 1, 2 or 5 times ten to some power. */
export function ticks(low: number, high: number, count: number): { value: number; text: string }[] {
  const span = high - low;
  if (!(span > 0) || !Number.isFinite(span)) return [];
  const rough = span / Math.max(count, 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => power * factor >= rough * 0.75)!;
  const found = [];
  for (let at = Math.ceil(low / step - 1e-9); at <= Math.floor(high / step + 1e-9); at++) {
    const value = at * step;
    found.push({ value, text: numberText(value, step) });
  }
  return found;
}

/** A number with as many decimals as its step needs, and a real minus sign. */
export function numberText(value: number, step: number): string {
  if (value === 0) return "0";
  const largest = Math.max(Math.abs(value), step);
  const text =
    largest >= 1e5 || step < 1e-4
      ? value.toExponential(Math.max(0, Math.round(Math.log10(Math.abs(value) / step)))).replace(/\.?0+e/, "e").replace("e+", "e")
      : value.toFixed(Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
  return text.replaceAll("-", "−");
}

/** A number in about three digits. */
export function shortNumber(value: number): string {
  const text = Math.abs(value) >= 1e5 || (value !== 0 && Math.abs(value) < 1e-3) ? value.toExponential(2) : String(Number(value.toPrecision(3)));
  return text.replaceAll("-", "−");
}
