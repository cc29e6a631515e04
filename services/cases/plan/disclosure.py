"""What published statements carry, and what the portal's pages say of the site that they stand on."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from services.cases.plan.figures import Strict

_Name = Annotated[str, Field(max_length=200)]
#: An address that a page may link to: of no other scheme, so that no script comes onto a page, and of no sign that
#: would end a header or an attribute.
_Address = Annotated[str, Field(max_length=500, pattern=r"^(https?://[A-Za-z0-9.\[\]:-]+(/[^\s\"'<>;,]*)?)?$")]


class Site(Strict):
    """Head and foot of the portal's pages; what is empty is left out.

    主办单位, 网站标识码, ICP备案号 and 公安备案号 belong at the foot of a government's pages (政府网站发展指引,
    国办发〔2017〕47号).
    """

    title: _Name = ""
    """Empty: the publisher's name and 信息发布."""
    logo: _Address = ""
    home: _Address = ""
    host_unit: _Name = ""
    """Empty: the publisher."""
    operator: _Name = ""
    site_code: str = Field("", pattern=r"^([0-9A-Za-z]{10})?$")
    icp: str = Field("", max_length=60)
    police_record: str = Field("", max_length=60)
    contact: _Name = ""


class Disclosure(Strict):
    """Metadata that published statements carry on the portal: 索引号, 公开目录, 主题词, 发布机构, 文号."""

    index_prefix: str
    catalogue: str
    subject_words: str = ""
    publisher: str
    document_prefix: str = ""
    site: Site = Site()
