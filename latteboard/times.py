"""Units of time. Times of files, and times in the catalog, are whole nanoseconds since 1970, UTC."""

SECOND_NS = 1_000_000_000
DAY_SECONDS = 86_400
DAY_NS = DAY_SECONDS * SECOND_NS
