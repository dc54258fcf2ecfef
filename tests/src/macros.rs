//! Writing a test once for both databases.

/// Makes each function a test on SQLite (`sqlite::name`) and on PostgreSQL (`postgres::name`).
///
/// The function gets a fresh [`TestApp`](crate::TestApp); its database is removed afterwards, whatever happens.
#[macro_export]
macro_rules! on_both_databases {
    ($($(#[$meta:meta])* async fn $name:ident($app:ident: &TestApp) $body:block)+) => {
        $($(#[$meta])* async fn $name($app: &$crate::TestApp) $body)+

        mod sqlite {
            $(#[tokio::test]
            async fn $name() {
                $crate::run($crate::Backend::Sqlite, super::$name).await;
            })+
        }

        mod postgres {
            $(#[tokio::test]
            async fn $name() {
                $crate::run($crate::Backend::Postgres, super::$name).await;
            })+
        }
    };
}
