//! What people and scripts have learnt by heart: help, exit codes, and what the README says of them.

use tests::{Backend, run};

use crate::installation::Installation;

const README: &str = include_str!("../../../README.md");

#[tokio::test]
async fn the_help_changes_only_on_purpose() {
    run(Backend::Sqlite, async |app| {
        let ctsync = Installation::new(app);
        insta::assert_snapshot!("help", ctsync.succeed(&["--help"]).await.stdout);
        insta::assert_snapshot!("run_help", ctsync.succeed(&["run", "--help"]).await.stdout);
        insta::assert_snapshot!(
            "tenant_help",
            ctsync.succeed(&["tenant", "--help"]).await.stdout
        );
    })
    .await;
}

#[tokio::test]
async fn the_readme_has_the_table_of_exit_codes() {
    run(Backend::Sqlite, async |app| {
        let table = Installation::new(app)
            .succeed(&["help", "exit-codes"])
            .await
            .stdout;
        insta::assert_snapshot!("exit_codes", table);
        let rows: Vec<_> = table
            .lines()
            .skip(1)
            .map_while(|line| line.split_once("  "))
            .collect();
        assert_eq!(rows.len(), 10, "{table}");
        for (code, meaning) in rows {
            let row = format!("| {} | {} |", code.trim(), meaning.trim());
            assert!(README.contains(&row), "the README lacks {row}");
        }
    })
    .await;
}

#[tokio::test]
async fn every_command_in_the_readme_exists() {
    run(Backend::Sqlite, async |app| {
        let ctsync = Installation::new(app);
        let commands = README.match_indices("ctsync ").filter_map(|(place, _)| {
            let rest = &README[place + "ctsync ".len()..];
            let words: Vec<&str> = rest.split_whitespace().take(2).collect();
            let is_word = |word: &&&str| word.chars().all(|c| c.is_ascii_lowercase() || c == '-');
            let before = &README[..place];
            let is_command =
                before.ends_with('`') || before.ends_with("&& ") || before.ends_with("```sh\n");
            let command = words.first().filter(|_| is_command).filter(is_word)?;
            (!command.starts_with('-')).then(|| command.trim_end_matches('`').to_owned())
        });
        let commands: std::collections::BTreeSet<String> = commands.collect();
        assert!(commands.len() > 8, "{commands:?}");
        for command in commands {
            ctsync.succeed(&["help", &command]).await;
        }
    })
    .await;
}
