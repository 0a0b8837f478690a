/** Between the text of a view and its places on the screen: from a point to a unit of text and back. */

import type { Range as Stretch } from "../../core/spans.ts";
import { graphemeAt } from "../../core/spans.ts";

// A line is higher than its letters: a click between two lines still means the nearer one.
const LEADING = 6;

/** Counts UTF-16 units over the text nodes of a root; what CSS generates (the names of types) does not count. */
export class Places {
  constructor(
    private readonly root: HTMLElement,
    private readonly text: string,
  ) {}

  /** The unit at a place of the DOM. */
  unit(node: Node, offset: number): number {
    const before = document.createRange();
    before.setStart(this.root, 0);
    before.setEnd(node, offset);
    return before.toString().length;
  }

  /** What the mouse has selected inside the root, in units; null when nothing is. */
  dragged(): Stretch | null {
    const selection = getSelection();
    if (!selection || selection.rangeCount === 0 || selection.isCollapsed) return null;
    const range = selection.getRangeAt(0);
    if (!range.intersectsNode(this.root)) return null;
    const inside = (node: Node, offset: number, otherwise: number): number =>
      this.root.contains(node) ? this.unit(node, offset) : otherwise;
    const start = inside(range.startContainer, range.startOffset, 0);
    const end = inside(range.endContainer, range.endOffset, this.text.length);
    return start < end ? { start, end } : null;
  }

  /** The boxes of a stretch of text, one for each line it lies on. */
  boxes({ start, end }: Stretch): DOMRect[] {
    const range = document.createRange();
    const [from, to] = [this.at(start), this.at(end)];
    if (!from || !to) return [];
    range.setStart(...from);
    range.setEnd(...to);
    return [...range.getClientRects()].filter((box) => box.width > 0);
  }

  /** The unit whose character lies at a point of the screen; null beside the text. */
  unitAt(x: number, y: number): number | null {
    const caret = caretAt(x, y);
    if (!caret || !this.root.contains(caret.node)) return null;
    const unit = this.unit(caret.node, caret.offset);
    // A caret stands between two characters: their boxes tell which of them lies under the point, right to left too.
    const around = [graphemeAt(this.text, unit), graphemeAt(this.text, unit - 1)];
    return around.find((one) => one && this.boxes(one).some((box) => holds(box, x, y)))?.start ?? null;
  }

  private at(unit: number): [Node, number] | null {
    const walker = document.createTreeWalker(this.root, NodeFilter.SHOW_TEXT);
    let left = unit;
    let last: Node | null = null;
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      last = node;
      const length = node.nodeValue!.length;
      if (left <= length) return [node, left];
      left -= length;
    }
    return last && [last, last.nodeValue!.length];
  }
}

/** Browsers name this in two ways; both give the nearest place for a caret. */
function caretAt(x: number, y: number): { node: Node; offset: number } | null {
  if (document.caretPositionFromPoint) {
    const found = document.caretPositionFromPoint(x, y);
    return found && { node: found.offsetNode, offset: found.offset };
  }
  const range = document.caretRangeFromPoint(x, y);
  return range && { node: range.startContainer, offset: range.startOffset };
}

function holds(box: DOMRect, x: number, y: number): boolean {
  return box.left <= x && x <= box.right && box.top - LEADING <= y && y <= box.bottom + LEADING;
}
