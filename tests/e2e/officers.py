"""The people of the seed's plan at their desks, who log in anew where time has run past the token."""

from __future__ import annotations

import re
from collections.abc import Generator
from datetime import timedelta
from typing import Any

import httpx

from tests.e2e.harness import Client, System, eventually

PASSWORD = "a-long-password-of-tests"
#: Of those who wrote the posts nobody may ever hear.
HANDLES = ("孟连河边的老木_77", "澜沧江畔阿强0_o", "景谷小谢xx19", "宁洱老马识途_2")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")

#: key -> name, roles, unit. `chief` runs the office and sits in the group; `stranger` is a county without a part.
CAST: dict[str, tuple[str, tuple[str, ...], str | None]] = {
    "city": ("孙市长", ("city_leader",), "市政府"),
    "leader": ("赵局长", ("group_leader",), None),
    "member": ("钱副局长", ("group_member",), None),
    "chief": ("李主任", ("office", "group_member"), "局办公室"),
    "office": ("王干事", ("office",), "局办公室"),
    "propaganda": ("周科长", ("propaganda",), "市委宣传部"),
    "finance": ("吴科长", ("department",), "市财政局"),
    "water": ("郑科长", ("department",), "市水务局"),
    "menglian": ("岩专员", ("county",), "孟连县移民系统"),
    "lancang": ("扎专员", ("county",), "澜沧县移民系统"),
    "jinggu": ("刀专员", ("county",), "景谷县移民系统"),
    "ninger": ("白专员", ("county",), "宁洱县移民系统"),
    "stranger": ("陶专员", ("county",), "西盟县移民系统"),
    "expert": ("冯教授", ("expert",), "市委党校"),
    "auditor": ("陈审计", ("auditor",), None),
}


class _Login(httpx.Auth):
    """Bears an access token, and gets another one when the one it has is refused."""

    requires_response_body = True

    def __init__(self, url: str, username: str) -> None:
        self._url, self._username, self._token = f"{url}/api/v1/auth/token", username, "none"

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        request.headers["Authorization"] = f"Bearer {self._token}"
        answer = yield request
        if answer.status_code != 401:
            return
        told = yield httpx.Request("POST", self._url, data={"username": self._username, "password": PASSWORD})
        if told.status_code == 200:
            self._token = told.json()["access_token"]
            request.headers["Authorization"] = f"Bearer {self._token}"
            yield request


class Officer(Client):
    """A user who reads Chinese and works on cases. Every answer is kept in `heard`, refusals too."""

    def __init__(self, url: str, key: str) -> None:
        super().__init__(url, "none")
        self.name = CAST[key][0]
        self.http.auth = _Login(url, key)
        self.http.headers["Accept-Language"] = "zh-CN"

    def patch(self, path: str, body: Any) -> Any:
        """Return what a PATCH answers; fails where it is no success."""
        return self._said(self.http.patch(path, json=body))

    def put(self, path: str, body: Any) -> Any:
        """Return what a PUT answers; fails where it is no success."""
        return self._said(self.http.put(path, json=body))

    def refused(
        self,
        status: int,
        rule: str,
        path: str,
        body: Any = None,
        *,
        method: str = "POST",
        if_match: str | None = None,
    ) -> dict[str, Any]:
        """Try what must not be possible: it is refused with `status` and `rule`, and the reason is in Chinese."""
        headers = {"If-Match": if_match} if if_match else {}
        answer = self.http.request(method, path, json=body, headers=headers)
        self.heard.append(answer.text)
        where = f"{self.name}: {method} {path}: {answer.status_code} {answer.text}"
        assert answer.status_code == status, where
        problem: dict[str, Any] = answer.json()
        assert problem["type"].rpartition("/")[2].removeprefix("case.") == rule, where
        assert _CHINESE.search(problem["detail"]), where
        return problem

    def tag(self, path: str) -> str:
        """Return the entity tag of a resource as it stands."""
        return str(self.http.get(path).headers["ETag"])


class Staff:
    """Everybody of :data:`CAST`, as users and as contacts, who are told by the log."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.admin = system.login()
        self._at_work: dict[str, Officer] = {}
        self.ids: dict[str, str] = {}
        for unit in sorted({unit for _, _, unit in CAST.values() if unit}):
            # those of the plan are known already, or come while this is asked
            answer = self.admin.http.post("/api/v1/units", json={"name": unit})
            assert answer.status_code in (201, 409), answer.text
        for key, (name, roles, unit) in CAST.items():
            user = {"username": key, "name": name, "password": PASSWORD, "roles": roles, "unit": unit}
            self.ids[key] = self.admin.post("/api/v1/users", user)["id"]
            if "auditor" not in roles:
                contact = {"name": name, "roles": roles, "unit": unit, "username": key, "ways": [{"channel": "log"}]}
                self.admin.post("/api/v1/contacts", contact)

    def __getitem__(self, key: str) -> Officer:
        """Return somebody at their desk."""
        if key not in self._at_work:
            self._at_work[key] = Officer(self.system.url, key)
        return self._at_work[key]

    def push(self, posts: list[dict[str, Any]]) -> None:
        """Let posts come in."""
        told = self["office"].post("/api/v1/posts", {"posts": posts})
        assert told == {"accepted": len(posts), "duplicates": 0, "rejected": []}

    def told(self, case_id: str, kind: str) -> list[tuple[str, set[str]]]:
        """Return each notice of a kind about a case, the oldest first: its subject, and the names of those told."""
        found = self["auditor"].items("/api/v1/notifications", case_id=case_id, kind=kind)
        return [(one["subject"], {d["contact_name"] for d in one["deliveries"]}) for one in found][::-1]

    def are_told(self, case_id: str, kind: str, word: str, *keys: str) -> None:
        """Wait until notices of a kind whose subjects have `word` went to each of `keys`."""
        wanted = {CAST[key][0] for key in keys}

        def there() -> bool:
            return wanted <= {name for subject, names in self.told(case_id, kind) if word in subject for name in names}

        eventually(there, f"{kind} with {word} to {wanted}")

    def heard(self) -> list[str]:
        """Return everything that anybody was told."""
        return [*self.admin.heard, *(text for one in self._at_work.values() for text in one.heard)]

    def leave(self) -> None:
        """Hang up."""
        for officer in self._at_work.values():
            officer.http.close()


def posts(staff: Staff, handle: str, text: str, *tails: str, **fields: Any) -> list[dict[str, Any]]:
    """Return the same story told again and again, each time with another tail, a minute apart, up to now."""
    now = staff.system.now()
    return [
        {
            "url": f"https://{fields.get('channel', 'forum')}.example.com/{now.timestamp():.0f}/{i}",
            "text": f"{text}{tail}",
            "published_at": (now - timedelta(minutes=len(tails) - i)).isoformat(),
            "author": f"{handle}{i}",
            "channel": "forum",
            "source": "普洱论坛",
            "metrics": {"reads": 40, "likes": 2, "comments": 3, "reposts": 1},
            **fields,
        }
        for i, tail in enumerate(tails)
    ]


def nobody_is_named(staff: Staff) -> None:
    """No author is named in anything that anybody was told, or that the system printed."""
    heard = staff.heard()
    assert len(heard) > 20
    for handle in HANDLES:
        assert not any(handle in text for text in heard), f"{handle} was shown"
        assert handle not in staff.system.said(), f"{handle} was logged"
