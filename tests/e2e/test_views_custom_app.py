"""A view of somebody else's in the whole app."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from app_page import Person
from app_server import AppServer, labels_of, querist

pytestmark = [pytest.mark.browser, pytest.mark.slow]

STARS = Path(__file__).parents[2] / "examples" / "views" / "stars.js"


def test_the_app_serves_it_and_records_its_answers(
    serve: Callable[..., AppServer], visit: Callable[..., Person], tmp_path: Path
) -> None:
    reviews = "\n".join(["id,text", *(f"r{n},review number {n}" for n in range(12))])
    (tmp_path / "reviews.csv").write_text(reviews + "\n", encoding="utf-8")
    querist(tmp_path, "new", "r.querist", "reviews.csv", "--labels", "1,2,3,4,5", "--id", "id")
    person = visit(serve(tmp_path, "r.querist", "--view", STARS))
    person.page.wait_for_selector(".stars-row")
    first = person.page.get_attribute(".stage[data-item]", "data-item")
    assert person.page.locator(".stage").inner_text().startswith("review number")
    person.press("ArrowRight")
    person.press("ArrowRight")
    person.answer("Enter")
    second = person.page.get_attribute(".stage[data-item]", "data-item")
    person.answer("5")
    person.wait_until_sent()
    assert labels_of(tmp_path, "r.querist") == {first: 2, second: 5}
