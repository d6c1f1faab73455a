"""What the Data screen asks: pages by a typed query, and the values that its filters offer."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from db.verdicts import add_verdict
from tests.db_workspace import compared, new_set
from tests.still_workbench import StillWorkbench
from tui.curation.verdict_list import VerdictBrowser
from tui.curation.verdict_query import FILTERS
from tui.text.query import QueryError


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[VerdictBrowser]:
    """Of a workspace with a verdict of "Why?" in the set "questions", and another set."""
    workbench = StillWorkbench(tmp_path / "ws")

    def store(conn: object) -> None:
        new_set(conn, "stars", name="night sky")
        add_verdict(conn, comparison=compared(conn, "Why?"), verdict="a")

    workbench.workspace.write(store).result()
    yield workbench.data
    workbench.close()


def test_filters_offer_what_there_is(browser: VerdictBrowser) -> None:
    assert browser.filter_values("set") == ["science", "science, held out", "night sky", "questions"]
    assert "biology" in browser.filter_values("field")
    assert browser.filter_values("policy") == ["tiny", "human", "import"]
    assert browser.filter_values("chosen") == ["tiny", "human", "import"]
    assert browser.filter_values("verdict") == ["better", "tie", "both_bad", "both_good", "skip", "discard"]
    assert browser.filter_values("note") == []
    for name in FILTERS:
        for value in browser.filter_values(name):
            browser.page(f'{name}="{value}"' if name != "date" else f"date:{value}")


def test_pages_and_counts_look_names_up(browser: VerdictBrowser) -> None:
    assert [row.prompt_line for row in browser.page("set:quest chosen:tiny")] == ["Why?"]
    assert (browser.count("set:quest"), browser.count("set:night"), browser.count("-policy=tiny")) == (1, 0, 0)


@pytest.mark.parametrize("query", ["set:nowhere", "policy:nobody", "run:7"])
def test_a_name_that_nothing_has_is_a_mistake_in_the_query(browser: VerdictBrowser, query: str) -> None:
    for ask in (browser.page, browser.count):
        with pytest.raises(QueryError, match=r"in its name\. There (are|is)"):
            ask(query)
