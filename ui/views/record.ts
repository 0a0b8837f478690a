/** Shows a record as a table of its fields: long texts wrapped, numbers in even digits; many short fields side by side. */

import type { Mounted, ViewProps } from "./contract.ts";
import { element } from "./parts/dom.ts";

const SHORT = 24;
const SIDE_BY_SIDE = 12;

export function mount(host: HTMLElement, { item }: ViewProps): Mounted {
  const fields = Object.entries(item.data);
  const rows = fields.map(([name, value]) => row(name, value));
  const table = element("table", { class: "view-record" }, element("tbody", {}, ...rows));
  table.setAttribute("aria-label", `The ${fields.length} fields of item ${item.id}`);
  table.classList.toggle("side-by-side", fields.length > SIDE_BY_SIDE && fields.every(isShort));
  const shown = fields.length ? table : element("p", { class: "view-nothing" }, "This record has no fields.");
  host.replaceChildren(shown);
  return { destroy: () => shown.remove() };
}

function row(name: string, value: unknown): HTMLTableRowElement {
  return element("tr", {}, element("th", { scope: "row", dir: "auto" }, name), cell(value));
}

function cell(value: unknown): HTMLTableCellElement {
  if (value === null || value === undefined || value === "") {
    return element("td", { class: "view-nothing" }, element("span", { "aria-label": "empty" }, "–"));
  }
  if (typeof value === "number") return element("td", { class: "number" }, String(value));
  if (isList(value)) return element("td", { dir: "auto" }, value.join(", "));
  if (typeof value === "object") return element("td", {}, element("pre", {}, JSON.stringify(value, null, 2)));
  return element("td", { dir: "auto" }, typeof value === "boolean" ? (value ? "yes" : "no") : String(value));
}

function isShort([name, value]: [string, unknown]): boolean {
  return typeof value !== "object" && name.length + String(value).length <= SHORT;
}

function isList(value: unknown): value is (string | number | boolean)[] {
  return Array.isArray(value) && value.every((one) => typeof one !== "object");
}
