"""Names and texts of files as bytes and as text: in whatever encoding they are, they come back as they were."""


def as_text(stored: bytes) -> str:
    r"""Decode a name or text; bytes that are not UTF-8 become characters that stand for them alone.

    Examples
    --------
    >>> as_bytes(as_text(b"caf\xe9"))
    b'caf\xe9'
    """
    return stored.decode("utf-8", "surrogateescape")


def is_unicode(text: str) -> bool:
    """Whether a name or text was UTF-8.

    Examples
    --------
    >>> is_unicode("cafe"), is_unicode(as_text(bytes([0xE9])))
    (True, False)
    """
    return not any("\udc80" <= character <= "\udcff" for character in text)


def as_bytes(text: str) -> bytes:
    """Encode a name or text; the inverse of :func:`as_text`."""
    return text.encode("utf-8", "surrogateescape")
