//! `ctsync tenants show`.

use anyhow::Result;
use engine::admin::{connections, tenants};
use engine::settings::{TenantSettings, tenant_settings};
use entity::tenant;
use serde::Serialize;
use serde_json::Value;

use super::view::TenantView;
use crate::commands::connections::view::{ConnectionView, table};
use crate::context::Context;
use crate::display::moment;
use crate::exit::Exit;
use crate::table::{Table, state};

#[derive(Debug, clap::Args)]
pub(crate) struct ShowArgs {
    /// Slug or id of the tenant.
    tenant: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    #[serde(flatten)]
    tenant: TenantView,
    /// What counts: settings with the defaults of those that were not set.
    effective_settings: TenantSettings,
    connections: Vec<ConnectionView>,
}

pub(crate) async fn run(context: &Context, args: &ShowArgs) -> Result<Exit> {
    let database = context.database().await?;
    let row = tenants::find(&database, &args.tenant).await?;
    let effective = tenant_settings(&format!("tenant {}", row.slug), &row.settings)
        .map_err(engine::error::Error::from)?;
    let connections = connections::list(&database, Some(row.id)).await?;
    let facts = context.output.render(facts(&row, &effective)?);
    let connection_table = match connections.as_slice() {
        [] => format!(
            "No connections yet. Next: ctsync connections add {}",
            row.slug
        ),
        connections => context
            .output
            .render(table(connections, context.clock.now())),
    };
    let shown = Shown {
        tenant: row.into(),
        effective_settings: effective,
        connections: connections.into_iter().map(ConnectionView::from).collect(),
    };
    context
        .output
        .result(&shown, || format!("{facts}\n\n{connection_table}"))?;
    Ok(Exit::Success)
}

fn facts(row: &tenant::Model, effective: &TenantSettings) -> Result<Table> {
    let mut facts = Table::facts();
    facts.fact("tenant", format!("{} ({})", row.name, row.slug));
    facts.fact("id", row.id.to_string());
    facts.fact("status", state(row.status.as_str()));
    facts.fact("time zone", row.time_zone.as_str());
    facts.fact("created", moment(row.created_at));
    let mut lines = vec![];
    flatten("", &serde_json::to_value(effective)?, &mut lines);
    for (path, value) in lines {
        let is_set = row
            .settings
            .pointer(&format!("/{}", path.replace('.', "/")))
            .is_some();
        let note = if is_set { "" } else { "  (default)" };
        facts.fact(&path, format!("{value}{note}"));
    }
    Ok(facts)
}

/// Lists the settings below `path` by their dotted paths.
fn flatten(path: &str, value: &Value, lines: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let path = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}.{name}")
                };
                flatten(&path, member, lines);
            }
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(plain).collect();
            lines.push((path.to_owned(), items.join(", ")));
        }
        value => lines.push((path.to_owned(), plain(value))),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "–".to_owned(),
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_listed_by_the_path_that_sets_them() {
        let mut lines = vec![];
        flatten(
            "",
            &serde_json::json!({"brake": {"rows": 5}, "stages": ["A", "B"], "x": null}),
            &mut lines,
        );
        let expected = [("brake.rows", "5"), ("stages", "A, B"), ("x", "–")];
        assert_eq!(
            lines,
            expected.map(|(path, value)| (path.to_owned(), value.to_owned()))
        );
    }
}
