//! Pieces that the first steps share. Frozen with them: a later step that needs something else
//! writes it itself.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    blob, pk_uuid, text, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid,
};

/// A table whose key is the UUID `id`.
pub(crate) fn keyed_table(table: &'static str) -> TableCreateStatement {
    Table::create().table(table).col(pk_uuid("id")).take()
}

/// A table with a UUID key whose rows go when their connection goes.
///
/// The reference holds both the tenant and the connection. So a row cannot name one tenant and
/// another's connection, the tenant is known to exist and takes the row with it, and the indexes,
/// which all begin with these two, serve the cascade.
pub(crate) fn connection_table(table: &'static str) -> TableCreateStatement {
    keyed_table(table)
        .col(uuid("tenant_id"))
        .col(uuid("connection_id"))
        .foreign_key(&mut within_tenant(table, "connection_id", "connections"))
        .take()
}

/// A table of mirrored records: identity, the columns of its own, provenance.
pub(crate) fn record_table(
    table: &'static str,
    own: impl IntoIterator<Item = ColumnDef>,
) -> TableCreateStatement {
    let mut statement = connection_table(table);
    statement.col(text("upstream_id"));
    for column in own {
        statement.col(column);
    }
    statement
        .col(text("raw_json"))
        .col(blob("content_hash"))
        .col(uuid("snapshot_id"))
        .col(uuid("first_run_id"))
        .col(uuid("last_run_id"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .col(timestamp_with_time_zone_null("deleted_at"))
        .take()
}

/// A reference from `table.column` to the id of `parent`; rows go when it goes.
pub(crate) fn owned_by(
    table: &'static str,
    column: &'static str,
    parent: &'static str,
) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from(table, column)
        .to(parent, "id")
        .on_delete(ForeignKeyAction::Cascade)
        .take()
}

/// A reference to a row of `parent` of the same tenant; rows go when it goes.
///
/// The parent needs [`key_within_tenant`].
pub(crate) fn within_tenant(
    table: &'static str,
    column: &'static str,
    parent: &'static str,
) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from(table, ("tenant_id", column))
        .to(parent, ("tenant_id", "id"))
        .on_delete(ForeignKeyAction::Cascade)
        .take()
}

/// What a reference made by [`within_tenant`] points to.
pub(crate) fn key_within_tenant(name: &'static str) -> IndexCreateStatement {
    Index::create()
        .name(name)
        .col("tenant_id")
        .col("id")
        .unique()
        .take()
}

/// An index over columns, in that order.
pub(crate) fn index(
    name: &'static str,
    table: &'static str,
    columns: &[&'static str],
) -> IndexCreateStatement {
    let mut statement = Index::create().name(name).table(table).take();
    for &column in columns {
        statement.col(column);
    }
    statement
}

/// An index that keeps the columns' combination unique.
pub(crate) fn unique(
    name: &'static str,
    table: &'static str,
    columns: &[&'static str],
) -> IndexCreateStatement {
    index(name, table, columns).unique().take()
}

/// Creates tables, then indexes, each in the order given.
pub(crate) async fn create_tables(
    manager: &SchemaManager<'_>,
    tables: impl IntoIterator<Item = TableCreateStatement>,
    indexes: impl IntoIterator<Item = IndexCreateStatement>,
) -> Result<(), DbErr> {
    for table in tables {
        manager.create_table(table).await?;
    }
    for index in indexes {
        manager.create_index(index).await?;
    }
    Ok(())
}

/// Drops tables, and their indexes with them, in the order given.
pub(crate) async fn drop_tables(
    manager: &SchemaManager<'_>,
    tables: &[&'static str],
) -> Result<(), DbErr> {
    for &table in tables {
        manager
            .drop_table(Table::drop().table(table).take())
            .await?;
    }
    Ok(())
}
