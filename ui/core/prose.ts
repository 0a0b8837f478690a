/** Guidelines are plain text with a little structure: headings, lists, strong words and code. Nothing in them is ever HTML. */

export interface Piece {
  style: "plain" | "strong" | "code";
  text: string;
}

export interface Block {
  kind: "heading" | "list" | "paragraph";
  lines: Piece[][];
}

/** Split a text into blocks: `# heading`, `- list`, and paragraphs between blank lines. */
export function blocks(text: string): Block[] {
  const found: Block[] = [];
  let open = null as Block | null;
  for (const line of text.split(/\r?\n/)) {
    const { kind, words } = lineOf(line);
    const same: Block | null = kind !== null && kind !== "heading" && open?.kind === kind ? open : null;
    open = same ?? (kind && { kind, lines: [] });
    if (open && !same) found.push(open);
    open?.lines.push(pieces(words));
  }
  return found;
}

function lineOf(line: string): { kind: Block["kind"] | null; words: string } {
  const heading = /^#{1,6}\s+(.*)$/.exec(line);
  if (heading) return { kind: "heading", words: heading[1]! };
  const point = /^\s*(?:[-*•]|\d+[.)])\s+(.*)$/.exec(line);
  if (point) return { kind: "list", words: point[1]! };
  return line.trim() ? { kind: "paragraph", words: line.trim() } : { kind: null, words: "" };
}

/** Split a line at `**strong**` and `` `code` ``. */
export function pieces(line: string): Piece[] {
  const parts = line.split(/(\*\*[^*]+\*\*|`[^`]+`)/).filter((part) => part !== "");
  return parts.map((part) => {
    if (/^\*\*.+\*\*$/.test(part)) return { style: "strong", text: part.slice(2, -2) };
    return /^`.+`$/.test(part) ? { style: "code", text: part.slice(1, -1) } : { style: "plain", text: part };
  });
}
