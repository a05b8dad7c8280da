// Numbers as both languages of the page write them: a point before the decimals, commas between thousands. By hand, because the first
// `Intl.NumberFormat` of a page costs some 15 ms, and the first line waits for it.

/** A number with so many digits behind the point. */
export function number(value: number, digits = 0): string {
  const [whole = "", decimals] = value.toFixed(digits).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return decimals === undefined ? grouped : `${grouped}.${decimals}`;
}
