"""Numbers as people read them."""

UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def human_bytes(number: float) -> str:
    """``3.6 GB``: decimal units, as disks and quotas are counted."""
    unit = 0
    while number >= 1000 and unit < len(UNITS) - 1:
        number, unit = number / 1000, unit + 1
    return f"{number:.0f} {UNITS[unit]}" if unit == 0 else f"{number:.1f} {UNITS[unit]}"
