"""Products, and their categories by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps.commerce.importing.frames import TOUCH, add, units, without_repeats
from apps.commerce.models import Category, Product
from apps.imports import upsert
from apps.imports.target import Chunk, Outcome

if TYPE_CHECKING:
    import polars as pl

COLUMNS = ("name", "sku", "category", "price", "currency", "is_active")


def store_products(chunk: Chunk) -> Outcome:
    """A chunk of the products' file."""
    import polars as pl

    outcome = Outcome()
    said = [name for name in COLUMNS if name in chunk.mapped]
    frame = upsert.hashed(chunk.frame, said or ["external_id"])
    frame = without_repeats(frame, ["external_id"], "external_id", outcome)
    if "category" in said:
        frame = _with_categories(frame, chunk, outcome)
    columns = {
        "external_id": pl.col("external_id"),
        "name": pl.coalesce("name", "external_id"),
        "sku": pl.coalesce("sku", "external_id").str.slice(0, 100),
        "price": units("price", 4),
        "currency": pl.col("currency").fill_null(chunk.organization.currency),
        "is_active": pl.col("is_active").fill_null(True),
        upsert.HASH: pl.col(upsert.HASH),
    }
    if "category" in said:
        columns["category_id"] = pl.col("category_id")
    rows = frame.select(expression.alias(name) for name, expression in columns.items())
    update = ["category_id" if name == "category" else name for name in said]
    result = upsert.upsert(
        Product,
        rows,
        key=("organization_id", "source", "external_id"),
        update=update,
        constants={"organization_id": chunk.organization.pk, "source": chunk.source},
        created_only={"import_run_id": chunk.run_id, "created_at": chunk.now, "updated_at": chunk.now, "version": 1},
        touch=TOUCH,
    )
    add(outcome, Product, result)
    return outcome


def _with_categories(frame: pl.DataFrame, chunk: Chunk, outcome: Outcome) -> pl.DataFrame:
    import polars as pl

    names = frame["category"].drop_nulls().unique().sort()
    rows = pl.DataFrame({"external_id": names.str.slice(0, 100), "name": names}).unique("external_id")
    where = {"organization_id": chunk.organization.pk, "source": chunk.source}
    result = upsert.upsert(
        Category,
        rows,
        key=("organization_id", "source", "external_id"),
        update=(),
        constants=where,
        created_only={"import_run_id": chunk.run_id, "created_at": chunk.now, "updated_at": chunk.now, "version": 1},
    )
    add(outcome, Category, result, counts=False)
    ids = upsert.ids_of(Category, rows["external_id"], column="external_id", where=where)
    frame = frame.with_columns(pl.col("category").str.slice(0, 100).alias("category_key"))
    ids = ids.rename({"external_id": "category_key", "id": "category_id"})
    return frame.join(ids, on="category_key", how="left", maintain_order="left")


def known_products(chunk: Chunk, frame: pl.DataFrame, outcome: Outcome) -> pl.DataFrame:
    """(`sku`, `product_id`) for every product that the lines name, made where new."""
    import polars as pl

    where = {"organization_id": chunk.organization.pk, "source": chunk.source}
    memory: pl.DataFrame | None = chunk.memory.get("products")
    wanted = frame.select("sku", "description").drop_nulls("sku").unique("sku", keep="first", maintain_order=True)
    if memory is not None:
        wanted = wanted.join(memory, on="sku", how="anti", maintain_order="left")
    if wanted.is_empty():
        return memory if memory is not None else pl.DataFrame(schema={"sku": pl.String, "product_id": pl.Int64})
    rows = wanted.select(
        pl.col("sku").alias("external_id"),
        pl.coalesce("description", "sku").alias("name"),
        pl.col("sku"),
    )
    result = upsert.upsert(
        Product,
        rows,
        key=("organization_id", "source", "external_id"),
        update=(),
        constants=where,
        created_only={
            "import_run_id": chunk.run_id, "created_at": chunk.now, "updated_at": chunk.now, "version": 1,
            "currency": "", "is_active": True,
        },
    )  # fmt: skip
    add(outcome, Product, result, counts=False)
    found = upsert.ids_of(Product, wanted["sku"], column="external_id", where=where)
    found = found.rename({"external_id": "sku", "id": "product_id"})
    if memory is not None:
        found = pl.concat([memory, found])
    # A catalogue is small beside its sales: what was looked up once stays at hand.
    if found.height < 500_000:
        chunk.memory["products"] = found
    return found
