import { clamp } from "./view";

/**
 * Round numbers between two ends at distances of 1, 2 or 5 times ten to some power: about `count` of
 * them, and at least two, for one alone gives no scale.
 */
export function ticks(low: number, high: number, count: number): { value: number; text: string }[] {
  const span = high - low;
  if (!(span > 0) || !Number.isFinite(span)) return [];
  const rough = span / Math.max(count, 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const steps = [0.2, 0.5, 1, 2, 5, 10].map((factor) => power * factor);
  const wanted = steps.findIndex((step) => step >= rough * 0.75);
  for (const step of steps.slice(0, wanted + 1).reverse()) {
    const found = between(low, high, step);
    if (found.length > 1) return found;
  }
  return [];
}

function between(low: number, high: number, step: number): { value: number; text: string }[] {
  const found = [];
  for (let at = Math.ceil(low / step - 1e-9); at <= Math.floor(high / step + 1e-9); at++) {
    const value = at * step;
    found.push({ value, text: numberText(value, step) });
  }
  return found;
}

/** A number with as many decimals as its step needs, so that no two steps look the same, and a real minus sign. */
export function numberText(value: number, step: number): string {
  if (value === 0) return "0";
  const decimals = -exponent(step);
  const plain = Math.abs(value) < 1e6 && decimals <= 4;
  const text = plain
    ? value.toFixed(Math.max(0, decimals))
    : value.toExponential(clamp(exponent(value) + decimals, 0, 15)).replace(/\.?0*e\+?/, "e");
  return text.replaceAll("-", "−");
}

/** The power of ten that a number begins with. */
function exponent(value: number): number {
  return Math.floor(Math.log10(Math.abs(value)) + 1e-9);
}

/** A number in about three digits. */
export function shortNumber(value: number): string {
  const text = Math.abs(value) >= 1e5 || (value !== 0 && Math.abs(value) < 1e-3) ? value.toExponential(2) : String(Number(value.toPrecision(3)));
  return text.replaceAll("-", "−");
}
