"""Texts that come from names of files and from inside them, as they may be shown to people."""


def shown(value: object) -> str:
    """A value as one line, nothing for None; control characters and the like are shown by their codes, not obeyed."""
    text = "" if value is None else str(value)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
