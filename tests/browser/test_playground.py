"""The playground in a real browser, served by the local stack, with no other network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.browser.chromium import Page, chromium, opened
from tests.local_stack.processes import StackProcess

CHROMIUM = chromium()

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None, reason="no Chromium here (Debian and Ubuntu: apt-get install chromium)"
    ),
]

EXECUTE = "document.querySelector('.graphiql-execute-button')"
EDITOR = "document.querySelector('.graphiql-query-editor .CodeMirror')"
ANSWER = "document.querySelector('.result-window .CodeMirror').CodeMirror.getValue()"
DOCS = "document.querySelector('.graphiql-doc-explorer')"


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    assert CHROMIUM is not None
    with opened(tmp_path, CHROMIUM) as page:
        yield page


def address(stack: StackProcess, path: str) -> str:
    return f"http://127.0.0.1:{stack.port('Playground')}{path}"


def open_playground(page: Page, stack: StackProcess, path: str = "/admin/jobs/playground") -> None:
    """Open it, and wait until it knows the schema: what is typed before, it takes for its example."""
    page.open(address(stack, path))
    page.wait_for(f"{EDITOR}?.CodeMirror.options.lint?.schema")


def button(label: str) -> str:
    return f"document.querySelector('[aria-label=\"{label}\"]')"


def choice(text: str) -> str:
    return f"[...document.querySelectorAll('[role=menuitem]')].find(each => each.textContent === '{text}')"


@pytest.mark.parametrize("path", ["/admin/jobs/playground", "/admin/playground"])
def test_an_example_is_run_and_its_answer_seen_without_a_complaint(
    path: str, page: Page, stack: StackProcess
) -> None:
    open_playground(page, stack, path)
    page.wait_for(f"{EXECUTE}?.hasAttribute('aria-haspopup')")
    page.click(EXECUTE)
    page.click(choice("JobsAndSchedules"))
    page.wait_for(f"{ANSWER}.includes('cleanup_expired_sessions')")

    assert page.complaints == []
    origins = {urlsplit(url).netloc for url in page.requests if not url.startswith("data:")}
    assert origins == {f"127.0.0.1:{stack.port('Playground')}"}


def test_a_query_of_ones_own_is_run(page: Page, stack: StackProcess) -> None:
    open_playground(page, stack)
    page.evaluate(f"{EDITOR}.CodeMirror.setValue('query Mine {{ jobStats {{ total }} }}')")
    page.wait_for(f"!{EXECUTE}.hasAttribute('aria-haspopup')")
    page.click(EXECUTE)
    page.wait_for(f"{ANSWER}.includes('total')")

    assert page.complaints == []


def test_the_docs_tell_what_a_field_means(page: Page, stack: StackProcess) -> None:
    open_playground(page, stack)
    page.click(button("Show Documentation Explorer"))
    page.click(f"[...{DOCS}.querySelectorAll('a')].find(each => each.textContent === 'Query')")
    page.wait_for(f"{DOCS}.textContent.includes('Every background job with the schedule')")

    assert page.complaints == []


def test_dialogs_open_without_a_complaint(page: Page, stack: StackProcess) -> None:
    open_playground(page, stack)
    page.click(button("Open settings dialog"))
    page.wait_for("document.querySelector('[role=dialog]')")

    assert page.complaints == []
