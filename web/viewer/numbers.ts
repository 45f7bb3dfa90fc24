/** Numbers as people read them, with a true minus. */

const MINUS = "\u2212";

/** So many significant digits; very large and small ones with an exponent. */
export function short(value: number, digits = 4): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+\u221e" : `${MINUS}\u221e`;
  if (value === 0) return Object.is(value, -0) ? `${MINUS}0` : "0";
  const size = Math.abs(value);
  let text: string;
  if (size >= 1e-4 && size < 1e6) {
    text = Number(value.toPrecision(digits)).toString();
    if (Number.isInteger(value) && size < 1e9) text = value.toString();
  } else {
    const [mantissa, exponent] = value.toExponential(digits - 1).split("e") as [string, string];
    text = `${Number(mantissa)}e${Number(exponent)}`;
  }
  return text.replace(/-/g, MINUS);
}

/** With all the digits that tell it from its neighbours. */
export function full(value: number): string {
  if (!Number.isFinite(value) || value === 0) return short(value);
  return String(value).replace(/-/g, MINUS);
}

export function count(value: number): string {
  return Math.round(value).toLocaleString("en").replace(/,/g, "\u202f");
}

/** Fits a column of a few characters: 1.2k, 34M, 5.6G. */
export function brief(value: number): string {
  const units = ["", "k", "M", "G", "T"];
  let at = 0;
  let left = value;
  while (Math.abs(left) >= 1000 && at < units.length - 1) {
    left /= 1000;
    at += 1;
  }
  return `${at === 0 ? left : Number(left.toPrecision(3))}${units[at]}`;
}

export function bytes(value: number): string {
  return value < 1000 ? `${value} B` : `${brief(value).replace(/[kMGT]$/, " $&")}B`.replace("GB", "GB");
}

export function shape(values: number[]): string {
  return values.length === 0 ? "scalar" : values.join(" \u00d7 ");
}
