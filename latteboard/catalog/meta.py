"""The catalog's description of itself: its facts by key, its kinds, and the texts behind its codes."""

from sqlalchemy import Connection, delete, insert, inspect, select

from latteboard.catalog.tables.kinds import KindModel
from latteboard.catalog.tables.schema import coordinate_value, kind, meta


def read_meta(connection: Connection, key: str) -> str | None:
    """A value of the table ``meta``, None where there is none yet."""
    if not inspect(connection).has_table("meta"):
        return None
    return connection.execute(select(meta.c.value).where(meta.c.key == key)).scalar()


def write_meta(connection: Connection, key: str, value: str) -> None:
    """Set a value of the table ``meta``."""
    connection.execute(delete(meta).where(meta.c.key == key))
    connection.execute(insert(meta).values(key=key, value=value))


def stored_models(connection: Connection) -> list[KindModel]:
    """The kinds as the catalog keeps them, in the order of the production."""
    return [KindModel.from_json(text) for (text,) in connection.execute(select(kind.c.model).order_by(kind.c.position))]


def texts(connection: Connection, axis: str) -> dict[int, str]:
    """The text of each code of a coordinate, or of one of its formats (``configuration:04d``), in the order of the codes."""
    columns = (coordinate_value.c.code, coordinate_value.c.text)
    statement = select(*columns).where(coordinate_value.c.axis == axis).order_by(coordinate_value.c.code)
    return dict(connection.execute(statement).all())
