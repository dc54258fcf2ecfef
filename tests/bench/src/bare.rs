//! What the service is compared with: the HTTP library and one query of one row, with nothing else.
//!
//! Prints its address once it listens.

use std::io::Write;

use anyhow::Result;
use clap::Parser;
use engine::database::Database;
use poem::listener::{Acceptor, Listener, TcpListener};
use poem::web::Data;
use poem::{EndpointExt, Response, Route, Server, get, handler};
use sea_orm::{ConnectionTrait, Statement};

// As in the product: it would not be fair otherwise.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Answers each request with one row.
#[derive(Debug, Parser)]
struct Args {
    /// The database.
    #[arg(long)]
    database_url: String,
}

#[tokio::main]
async fn main() -> Result<()> {
    let database = Database::connect(&Args::parse().database_url).await?;
    let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await?;
    for address in acceptor.local_addr() {
        if let Some(address) = address.as_socket_addr() {
            writeln!(std::io::stdout(), "http://{address}")?;
        }
    }
    let routes = Route::new().at("/", get(one_row)).data(database);
    Ok(Server::new_with_acceptor(acceptor).run(routes).await?)
}

#[handler]
async fn one_row(database: Data<&Database>) -> poem::Result<Response> {
    let sql = "SELECT name FROM connections LIMIT 1";
    let statement = Statement::from_string(database.backend(), sql);
    let row = database.reader().query_one_raw(statement).await;
    let row = row.map_err(poem::error::InternalServerError)?;
    let name: Option<String> = row.and_then(|row| row.try_get_by_index(0).ok());
    let body = serde_json::json!({ "name": name }).to_string();
    Ok(Response::builder()
        .content_type("application/json")
        .body(body))
}
