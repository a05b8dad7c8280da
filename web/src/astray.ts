// Which logs of a view are not where their names say, and never were while it was open: mistyped, perhaps. Between what is claimed about
// a view (`edges.ts`) and `parts/Nearest.svelte`, which offers names that are near. Pure.

import type { Absence, Currency } from "./edges";
import type { LogName } from "./shapes";
import type { Row } from "./stream";

/** Whose absence says that a name leads nowhere; a file that was deleted was there. */
const NOWHERE: ReadonlySet<Absence> = new Set(["agent_lost", "waiting", "not_offered"]);

export function astrayOf(logs: readonly LogName[], currencyOf: (log: LogName) => Currency | undefined, rows: readonly Row[]): { log: LogName; why: Absence }[] {
  return logs.flatMap((log) => {
    const currency = currencyOf(log);
    if (currency?.kind !== "absent" || !NOWHERE.has(currency.why)) return [];
    return rows.some((row) => row.kind === "line" && row.log === log) ? [] : [{ log, why: currency.why }];
  });
}
