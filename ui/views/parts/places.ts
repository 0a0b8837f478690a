/** Between the text of a view and its places on the screen: from a point to a unit of text and back. */

/** Counts UTF-16 units over the text nodes of a root; what CSS generates (the names of types) does not count. */
export class Places {
  constructor(private readonly root: HTMLElement) {}

  /** The unit at a place of the DOM. */
  unit(node: Node, offset: number): number {
    const before = document.createRange();
    before.setStart(this.root, 0);
    before.setEnd(node, offset);
    return before.toString().length;
  }

  /** What the mouse has selected inside the root, in units; null when nothing is. */
  dragged(): { start: number; end: number } | null {
    const selection = getSelection();
    if (!selection || selection.rangeCount === 0 || selection.isCollapsed) return null;
    const range = selection.getRangeAt(0);
    if (!range.intersectsNode(this.root)) return null;
    const inside = (node: Node, offset: number, otherwise: number): number =>
      this.root.contains(node) ? this.unit(node, offset) : otherwise;
    const start = inside(range.startContainer, range.startOffset, 0);
    const end = inside(range.endContainer, range.endOffset, this.root.textContent!.length);
    return start < end ? { start, end } : null;
  }

  /** The boxes of a stretch of text, one for each line it lies on. */
  boxes(start: number, end: number): DOMRect[] {
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
    // A caret stands between two characters: the boxes tell on which of them the point lies, right to left too.
    return [unit, unit - 1, unit + 1, unit - 2].find((at) => at >= 0 && this.holds(at, x, y)) ?? null;
  }

  private holds(unit: number, x: number, y: number): boolean {
    const hit = (box: DOMRect): boolean => box.left <= x && x <= box.right && box.top <= y && y <= box.bottom;
    return this.boxes(unit, unit + 1).some(hit);
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
