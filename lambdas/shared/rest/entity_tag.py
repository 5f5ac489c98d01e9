"""Entity tags (RFC 9110, section 8.8.3): the version of a product in double quotes."""

import re
from typing import Final

_TAG: Final = re.compile(r'(?:W/)?("[!#-~]*")')


def entity_tag(version: int) -> str:
    """The `ETag` of a version."""
    return f'"{version}"'


def version_of(tag: str) -> int:
    """The version that an `ETag` stands for; 0, which no product has, if the tag is not one of ours."""
    text = tag.strip('"')
    return int(text) if re.fullmatch("[1-9][0-9]{0,14}", text) else 0


def is_known(version: int, if_none_match: str) -> bool:
    """Whether the header `If-None-Match` lists the version, so the caller has it already."""
    return if_none_match.strip() == "*" or entity_tag(version) in _TAG.findall(if_none_match)
