"""Login names as people write them: with or without the domain of a Windows client."""

import unicodedata


def is_same_user(asked: str, name: str) -> bool:
    """Whether `name` of a login is who is asked for; a domain counts only if both have one."""
    one, other = _folded(asked), _folded(name)
    if one == other:
        return True
    if "\\" in one and "\\" in other:
        return False
    return _without_domain(one) == _without_domain(other)


def domain_of(name: str) -> tuple[str, str]:
    """`CORP\\jane` as (`CORP`, `jane`); the domain is empty where the name has none."""
    domain, mark, rest = name.partition("\\")
    return (domain, rest) if mark and rest else ("", name)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).replace("\\\\", "\\").casefold()


def _without_domain(name: str) -> str:
    return domain_of(name)[1]
