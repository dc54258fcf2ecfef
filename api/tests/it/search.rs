//! Search is literal, the same on both databases, and never an error of the service.

use ctsync_sandbox::{AccountSpec, Record};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::Value;
use tests::{Site, TestApp, on_both_databases};

use crate::reader::{Reader, each, encoded};

const NOTES: [&str; 8] = [
    "plain words",
    "PLAIN in capitals",
    "100% sure",
    "100 sure",
    "snake_case",
    "snakeXcase",
    r"back\slash",
    "Grüße von Müller 🦊",
];

/// A site with these notes.
async fn noted(app: &TestApp) -> Site {
    let site = app
        .site(AccountSpec {
            leads: 1,
            ..AccountSpec::default()
        })
        .await;
    for note in NOTES {
        site.account.add_note(&site.client(0), note).unwrap();
    }
    site.sync_well().await;
    site
}

/// Returns what is found, in the order of `NOTES`.
async fn found(reader: &Reader<'_>, text: &str) -> Vec<usize> {
    let path = format!("/api/dashboard/notes?search={}", encoded(text));
    let rows = reader.all(&path, 3).await;
    assert_eq!(reader.total(&path).await, rows.len(), "{text}");
    let place = |content| NOTES.iter().position(|note| *note == content).unwrap();
    let mut places: Vec<_> = each(&rows, "content").map(place).collect();
    places.sort_unstable();
    places
}

/// Writes so many copies of a note of the site, each a row of its own, a second older than the one before.
async fn copy_note(app: &TestApp, count: u32) {
    let database = &app.engine.database;
    let backend = database.backend();
    let (id, date) = match backend {
        DbBackend::Sqlite => (
            "randomblob(16)",
            "strftime('%Y-%m-%dT%H:%M:%S+00:00', note.created_at, '-' || number || ' seconds')",
        ),
        _ => (
            "gen_random_uuid()",
            "note.created_at - number * interval '1 second'",
        ),
    };
    let own = "contact_id, author, content, raw_json, content_hash, snapshot_id, first_run_id, last_run_id, \
               created_at, updated_at";
    let sql = format!(
        "INSERT INTO ct_notes (id, tenant_id, connection_id, upstream_id, note_date, {own}) \
         WITH RECURSIVE numbers (number) AS \
           (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < {count}) \
         SELECT {id}, tenant_id, connection_id, 'copy-' || number, {date}, {own} \
         FROM (SELECT * FROM ct_notes WHERE content = 'plain words') AS note CROSS JOIN numbers"
    );
    let statement = Statement::from_string(backend, sql);
    database.writer().execute_raw(statement).await.unwrap();
}

on_both_databases! {
    // The hardest search for the databases: everything is found, and has to be sorted and counted.
    async fn a_word_of_every_note_is_found_in_time(app: &TestApp) {
        let site = noted(app).await;
        copy_note(app, 30_000).await;
        let reader = Reader::of(app, &site).await;
        assert!(reader.total("/api/dashboard/notes?search=plain").await.as_u64() > Some(30_000));
    }

    async fn text_is_found_literally(app: &TestApp) {
        let site = noted(app).await;
        let reader = Reader::of(app, &site).await;
        assert_eq!(found(&reader, "plain").await, [0, 1]);
        assert_eq!(found(&reader, "PLAIN W").await, [0]);
        assert_eq!(found(&reader, "100%").await, [2]);
        assert_eq!(found(&reader, "%").await, [2]);
        assert_eq!(found(&reader, "e_c").await, [4]);
        assert_eq!(found(&reader, r"\").await, [6]);
        assert_eq!(found(&reader, r"\_").await, Vec::<usize>::new());
        assert_eq!(found(&reader, "🦊").await, [7]);
        assert_eq!(found(&reader, "'; DROP TABLE ct_notes; --").await, Vec::<usize>::new());
        assert_eq!(found(&reader, "").await.len(), NOTES.len());
    }

    async fn only_ascii_letters_match_in_any_case(app: &TestApp) {
        let site = noted(app).await;
        let reader = Reader::of(app, &site).await;
        assert_eq!(found(&reader, "grüSSe").await, Vec::<usize>::new());
        assert_eq!(found(&reader, "mÜLLER").await, Vec::<usize>::new());
        assert_eq!(found(&reader, "MüLLER").await, [7]);
        assert_eq!(found(&reader, "GRüßE").await, [7]);
    }

    async fn what_cannot_be_searched_for_is_refused(app: &TestApp) {
        let site = noted(app).await;
        let reader = Reader::of(app, &site).await;
        let longest = "ü".repeat(200);
        for list in ["/api/dashboard/notes", "/api/leads", "/api/pipeline/opportunities"] {
            for text in ["\0", "a\0b", &format!("{longest}ü")] {
                let answer = reader.ask(&format!("{list}?search={}", encoded(text))).await;
                answer.assert_problem(400, "invalid_parameter");
            }
            assert_eq!(reader.total(&format!("{list}?search={}", encoded(&longest))).await, 0);
        }
        reader.ask("/api/leads?stage=%00").await.assert_problem(400, "invalid_parameter");
        reader.ask("/api/leads?source=%00").await.assert_problem(400, "invalid_parameter");
    }

    async fn authors_are_searched_too(app: &TestApp) {
        let site = noted(app).await;
        let reader = Reader::of(app, &site).await;
        let all = reader.all("/api/dashboard/notes", 50).await;
        let Some(author) = all.iter().find_map(|note| note["author"].as_str()) else {
            return;
        };
        let path = format!("/api/dashboard/notes?search={}", encoded(&author.to_uppercase()));
        assert!(reader.total(&path).await.as_u64() > Some(0));
    }

    async fn leads_are_found_by_name_company_mail_and_phone(app: &TestApp) {
        let site = app.site(AccountSpec { leads: 5, ..AccountSpec::default() }).await;
        let fields = Record::new().with("contact_type", "1").with("firstName", "Zebulon").with("lastName", "Quux")
            .with("compName", "Unlikely & Sons").with("email", "zq@unlikely.example").with("phone", "+1 999 555 0199");
        let id = site.account.add_client(fields).unwrap();
        site.sync_well().await;
        let reader = Reader::of(app, &site).await;
        for text in ["zebul", "QUUX", "unlikely & s", "zq@", "555 0199"] {
            let rows = reader.all(&format!("/api/leads?search={}", encoded(text)), 50).await;
            assert_eq!(rows.iter().map(|row| &row["upstreamId"]).collect::<Vec<_>>(), [&Value::from(id.clone())], "{text}");
        }
    }

    async fn a_search_pages_to_the_end_and_beyond(app: &TestApp) {
        let site = app.site(AccountSpec { leads: 3, notes: 25, ..AccountSpec::default() }).await;
        site.sync_well().await;
        let reader = Reader::of(app, &site).await;
        let plain = reader.all("/api/dashboard/notes", 50).await;
        let searched = reader.all("/api/dashboard/notes?search=e", 4).await;
        let has_e = |row: &&Value| [&row["content"], &row["author"]].iter().any(|text| text.as_str().is_some_and(|text| text.to_ascii_lowercase().contains('e')));
        assert_eq!(searched, plain.iter().filter(has_e).cloned().collect::<Vec<_>>());
        let beyond = reader.get("/api/dashboard/notes?search=e&offset=1000").await;
        assert_eq!(beyond["items"], serde_json::json!([]));
        assert_eq!(beyond["total"], searched.len());
    }
}
