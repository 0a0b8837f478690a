"""Spans in a real browser: what is marked by mouse and by keys is what Python reads by code point."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from views_stage import Stage, open_stage

TYPES = {"labels": ["PER", "ORG", "LOC"]}
COOK = "Tim Cook, of Apple Inc."
EMOJI = "💙💙 met Ada 👩‍👩‍👧 and naïve Zoë 🇩🇪 in Zürich"
ARABIC = "زار محمد القاهرة في 12 مايو"
# Where a piece of the text stands on the screen: the boxes of its characters, whatever marks lie over them.
BOX = """([piece, from]) => {
    const root = document.querySelector(".view-spans .view-text");
    const start = root.textContent.indexOf(piece, from);
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    const range = document.createRange();
    let seen = 0;
    for (let node = walker.nextNode(); node; seen += node.length, node = walker.nextNode()) {
        const inside = (at) => at >= seen && at <= seen + node.length;
        if (inside(start) && start < seen + node.length) range.setStart(node, start - seen);
        if (inside(start + piece.length)) { range.setEnd(node, start + piece.length - seen); break; }
    }
    const box = range.getBoundingClientRect();
    return [box.left, box.top, box.width, box.height];
}"""

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with open_stage() as opened:
        yield opened


class Text:
    """A text on the stage, with hands."""

    def __init__(self, stage: Stage, text: str, **props: Any) -> None:
        self.stage, self.text = stage, text
        stage.show("spans", {"text": text}, **{"schema": TYPES, **props})

    def at(self, piece: str, share: float) -> tuple[int, int]:
        left, top, width, height = self.stage.page.evaluate(BOX, [piece, 0])
        # Chromium drops a drag that begins at a part of a pixel, where no hand could begin one.
        return round(left + share * width), round(top + height / 2)

    def drag(self, first: str, last: str) -> None:
        """Drag from within the first piece to within the last."""
        mouse = self.stage.page.mouse
        backwards = self.at(first, 0.5)[0] > self.at(last, 0.5)[0]
        near, far = (0.96, 0.04) if backwards else (0.04, 0.96)
        mouse.move(*self.at(first, near))
        mouse.down()
        mouse.move(*self.at(last, far), steps=4)
        mouse.up()

    def click(self, piece: str, **options: Any) -> None:
        self.stage.page.mouse.click(*self.at(piece, 0.6), **options)

    def press(self, *keys: str) -> None:
        self.stage.press(*keys)

    @property
    def marked(self) -> list[str]:
        """What Python reads at the recorded offsets."""
        return [f"{span['label']}:{self.text[span['start'] : span['end']]}" for span in self.stage.changes[-1]]

    def marks(self, kind: str) -> list[str]:
        return self.stage.page.locator(f".view-spans {kind}").all_text_contents()


def test_a_drag_and_a_number_mark_whole_words(stage: Stage) -> None:
    text = Text(stage, COOK)
    text.drag("im", "Coo")
    assert text.marks(".chosen") == ["Tim Cook"]
    text.press("1")
    assert stage.changes == [[{"start": 0, "end": 8, "label": "PER"}]]
    assert text.marks("mark") == ["Tim Cook"]


def test_click_on_the_first_and_the_last_word(stage: Stage) -> None:
    text = Text(stage, COOK)
    text.click("Apple")
    text.click("Inc")
    text.press("2")
    assert text.marked == ["ORG:Apple Inc"]


def test_the_mouse_alone_is_enough(stage: Stage) -> None:
    text = Text(stage, COOK)
    text.drag("Tim", "Cook")
    stage.page.get_by_role("button", name="LOC").click()
    assert text.marked == ["LOC:Tim Cook"]


def test_the_keyboard_alone_is_enough(stage: Stage) -> None:
    text = Text(stage, COOK)
    text.press("ArrowRight", "Shift+ArrowRight", "1", "ArrowRight", "ArrowRight", "ArrowRight", "2")
    assert text.marked == ["PER:Tim Cook", "ORG:Apple"]
    text.press("Tab", "3")
    assert text.marked == ["LOC:Tim Cook", "ORG:Apple"]
    text.press("Tab", "Delete")
    assert text.marked == ["ORG:Apple"]


def test_tab_leaves_the_text_after_the_last_span(stage: Stage) -> None:
    text = Text(stage, COOK)
    text.press("ArrowRight", "1", "Tab", "Tab", "Tab")
    assert stage.page.evaluate("document.activeElement.closest('button, .view-text') !== null")


def test_offsets_after_emoji_are_those_of_python(stage: Stage) -> None:
    text = Text(stage, EMOJI)
    text.drag("Ada", "Ada")
    text.press("1")
    text.drag("Zoë", "Zoë")
    text.press("1")
    text.drag("Zürich", "Zürich")
    text.press("3")
    assert text.marked == ["PER:Ada", "PER:Zoë", "LOC:Zürich"]


def test_no_emoji_is_cut_in_two(stage: Stage) -> None:
    text = Text(stage, EMOJI)
    text.press("ArrowRight", "1")
    assert text.marked == ["PER:💙"]
    text.press("x")
    text.drag("👩", "👩")
    text.press("2")
    assert text.marked == ["PER:💙", "ORG:👩‍👩‍👧"]


def test_by_character_a_drag_takes_a_part_of_a_word(stage: Stage) -> None:
    text = Text(stage, "Bodenseeschifffahrt")
    stage.page.get_by_role("button", name="by character").click()
    text.drag("schiff", "schiff")
    text.press("1")
    assert text.marked == ["PER:schiff"]
    text.press("x")
    text.drag("see", "see")
    text.press("2")
    assert text.marked == ["ORG:Bodenseeschifffahrt"]


def test_by_character_the_arrows_take_one_at_a_time(stage: Stage) -> None:
    text = Text(stage, "naïve 👩‍👩‍👧x")
    text.press("ArrowRight", "x", "ArrowRight", "ArrowRight", "Shift+ArrowRight", "1")
    assert text.marked == ["PER:👩‍👩‍👧x"]


def test_arabic_is_marked_where_it_is_dragged(stage: Stage) -> None:
    text = Text(stage, ARABIC)
    text.drag("محمد", "القاهرة")
    text.press("1")
    assert text.marked == ["PER:محمد القاهرة"]


def test_the_left_arrow_goes_forward_in_arabic(stage: Stage) -> None:
    text = Text(stage, ARABIC)
    text.press("ArrowLeft", "ArrowLeft", "1", "Shift+ArrowLeft", "3")
    assert text.marked == ["LOC:محمد القاهرة"]


def test_each_paragraph_has_its_own_direction(stage: Stage) -> None:
    text = Text(stage, f"Tim went.\n{ARABIC}")
    text.press("ArrowDown", "ArrowDown", "2")
    assert text.marked[0].removeprefix("ORG:") in ARABIC
    text.press("ArrowUp", "1")
    assert text.marked[0].removeprefix("PER:") in "Tim went."


def test_up_and_down_keep_to_the_column(stage: Stage) -> None:
    text = Text(stage, "one two three\nvier fuenf sechs\nun deux trois")
    text.press("ArrowRight", "ArrowRight", "ArrowDown", "1")
    assert text.marked == ["PER:fuenf"]
    text.press("ArrowUp", "Shift+End", "2")
    assert text.marked[0].endswith("trois")


def test_a_long_text_scrolls_with_the_keys_and_keeps_the_types_in_sight(stage: Stage) -> None:
    text = Text(stage, "\n\n".join(f"paragraph {number} of many" for number in range(60)))
    stage.page.evaluate("document.getElementById('host').style.overflow = 'auto'")
    text.press(*["ArrowDown"] * 50, "1")
    assert text.marked == ["PER:paragraph"]
    assert stage.changes[-1][0]["start"] == text.text.index("paragraph 49")
    assert stage.page.locator("mark").evaluate("(mark) => mark.getBoundingClientRect().top") < 560
    assert stage.page.get_by_role("button", name="PER").evaluate("(one) => one.getBoundingClientRect().bottom") < 570


def test_the_last_span_takes_the_place_of_those_it_touches(stage: Stage) -> None:
    text = Text(stage, COOK)
    text.drag("Tim", "Tim")
    text.press("1")
    text.drag("Tim", "Cook")
    text.press("2")
    assert text.marked == ["ORG:Tim Cook"]
    text.press("z")
    assert text.marked == ["PER:Tim"]
    text.press("Shift+Z")
    assert text.marked == ["ORG:Tim Cook"]


def test_spans_overlap_where_the_task_lets_them(stage: Stage) -> None:
    text = Text(stage, COOK, schema={**TYPES, "overlap": True})
    text.drag("Tim", "Apple")
    text.press("2")
    text.drag("Cook", "Cook")
    text.press("1")
    assert text.marked == ["ORG:Tim Cook, of Apple", "PER:Cook"]


def test_a_suggestion_is_an_outline_until_it_is_changed(stage: Stage) -> None:
    label = [{"start": 0, "end": 8, "label": "PER"}]
    text = Text(stage, COOK, suggestion={"label": label, "confidence": 0.8})
    assert text.marks("mark.suggested") == ["Tim Cook"]
    assert stage.changes == []
    text.click("Apple")
    text.press("2")
    assert text.marks("mark.suggested") == []
    assert text.marked == ["PER:Tim Cook", "ORG:Apple"]


def test_an_answer_given_before_is_shown_solid_and_can_be_replaced_from_outside(stage: Stage) -> None:
    text = Text(stage, EMOJI, label=[{"start": 7, "end": 10, "label": "PER"}])
    assert text.marks("mark:not(.suggested)") == ["Ada"]
    stage.page.evaluate("window.mounted.set([{ start: 0, end: 1, label: 'LOC' }])")
    assert text.marks("mark") == ["💙"]
    stage.page.evaluate("window.mounted.set(null)")
    assert text.marks("mark") == []


def test_the_shell_hears_only_the_keys_that_the_view_leaves(stage: Stage) -> None:
    text = Text(stage, COOK)
    text.press("z", "Escape", "s", "Enter", "ArrowRight", "1", "Escape", "Control+z")
    assert stage.page.evaluate("window.heard") == ["z", "Escape", "s", "Enter", "Escape", "Control"]


def test_nothing_listens_after_the_view_is_gone(stage: Stage) -> None:
    text = Text(stage, COOK)
    stage.page.evaluate("window.mounted.destroy()")
    text.press("ArrowRight", "1")
    assert stage.page.evaluate("window.heard") == ["ArrowRight", "1"]
    assert stage.page.locator("#host").inner_html() == ""
    assert stage.changes == []


def test_markup_in_a_text_and_in_a_type_is_text(stage: Stage) -> None:
    attack = "<img src=x onerror=\"document.title='broken'\"><script>document.title='broken'</script>"
    text = Text(
        stage, attack, schema={"labels": [attack]}, suggestion={"label": [{"start": 0, "end": 4, "label": attack}]}
    )
    text.press("ArrowRight", "1")
    assert stage.page.title() == "view"
    assert stage.page.locator(".view-spans .view-text").text_content() == attack
    assert stage.page.locator("#host img, #host script").count() == 0
    assert stage.page.get_by_role("button", name="onerror").count() == 1


def test_what_happens_is_said_to_screen_readers(stage: Stage) -> None:
    text = Text(stage, COOK)
    said = stage.page.locator("[aria-live]")
    text.press("1")
    assert said.text_content() == "Nothing is selected. Select words first."
    text.press("ArrowRight")
    assert said.text_content() == "Tim, selected"
    text.press("1", "Tab")
    assert said.text_content() == "PER: Tim, 1 of 1"
