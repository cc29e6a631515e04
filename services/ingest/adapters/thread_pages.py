"""Thread pages: the opening post and each answer, so that what people say is counted and not the page."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import parse_qsl, urlencode, urlsplit

from services.ingest.adapters.article_pages import Listed, Reader, article_reader
from services.ingest.adapters.protocol import Draft
from services.ingest.extraction.thread import ThreadPost, read_thread
from services.ingest.fetching.page import Page


def thread_reader() -> Reader:
    """Return a reader of thread pages; a page that is no thread is read as an article."""
    as_article = article_reader()

    def read(listed: Listed, page: Page, now: datetime) -> list[Draft]:
        posts = [post for post in read_thread(page.text, page.url, now) if post.text.strip()]
        if not posts:
            return as_article(listed, page, now)
        thread = listed.url or page.url
        drafts: dict[tuple[str | None, str], Draft] = {}
        for index, post in enumerate(posts):
            opening = post.floor == 1 or (index == 0 and post.floor is None)
            url = thread if opening else _own_address(thread, post)
            drafts.setdefault(
                (url, post.text if url is None else ""),
                Draft(
                    text=post.text,
                    url=url,
                    title=(post.title or listed.title) if opening else "",
                    published_at=post.published_at or (listed.dated if opening else None),
                    author=post.author,
                    repost_of=None if opening else thread,
                    counters=post.counters,
                    evidence=page.digest,
                ),
            )
        return list(drafts.values())

    return read


def _own_address(thread: str, post: ThreadPost) -> str | None:
    """Return an answer's address: the thread's, with the answer's anchor or floor in it; None where it has neither.

    The anchor is put into the query too, since a post's identity leaves fragments out (RFC 3986: they never reach
    a server); forums pass over a parameter that they don't know.
    """
    anchor = urlsplit(post.url).fragment if post.url else ""
    mark = anchor or (f"floor-{post.floor}" if post.floor is not None else "")
    if not mark:
        return None
    parts = urlsplit(thread)
    query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), ("_post", mark)])
    return parts._replace(query=query, fragment=anchor).geturl()
