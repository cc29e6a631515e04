"""What officers and the console are told of every adapter's settings."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic import BaseModel

from services.ingest.adapters import adapters

NAMES = ("feed", "hot_list", "json_api", "list_page", "rsshub", "sitemap")


def test_the_adapters_are_found_by_themselves() -> None:
    assert set(NAMES) <= set(adapters())


def models(schema: dict[str, Any]) -> list[dict[str, Any]]:
    return [schema, *schema.get("$defs", {}).values()]


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_has_a_chinese_and_an_english_title_and_description(name: str) -> None:
    adapter = adapters()[name]
    assert re.search("[\u4e00-\u9fff]|RSSHub", adapter.label)
    for model in models(adapter.config.model_json_schema()):
        for field, told in model.get("properties", {}).items():
            assert re.fullmatch(r".*[\u4e00-\u9fff].* · .*[A-Za-z].*", told.get("title", "")), f"{name}.{field}"
            assert re.search(r"[\u4e00-\u9fff].* / .*[A-Za-z]", told.get("description", "")), f"{name}.{field}"


@pytest.mark.parametrize("name", NAMES)
def test_settings_are_the_same_after_being_stored(name: str) -> None:
    needed: dict[str, dict[str, Any]] = {"json_api": {"items": "data"}, "rsshub": {"preset": "weibo_hot"}}
    config: type[BaseModel] = adapters()[name].config
    made = config.model_validate(needed.get(name, {}))
    assert config.model_validate(made.model_dump(mode="json")) == made
