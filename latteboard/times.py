"""Units of time. Files and catalog tell times in whole nanoseconds since 1970, UTC."""

SECOND_NS = 1_000_000_000
DAY_SECONDS = 86_400
DAY_NS = DAY_SECONDS * SECOND_NS
