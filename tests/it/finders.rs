//! Whoever reads tenants' tables says whose rows are meant.

use std::path::{Path, PathBuf};

/// Returns the sources of a crate.
fn sources(of: &str) -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let (mut folders, mut sources) = (vec![root.join(of)], vec![]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                sources.push((path, text));
            }
        }
    }
    sources
}

/// Returns the modules of tables that belong to tenants.
fn owned_modules() -> Vec<String> {
    let is_owned =
        |text: &str| text.contains("tenant_owned!(") || text.contains("tenant_records!(");
    let owned = sources("entity/src")
        .into_iter()
        .filter(|(_, text)| is_owned(text));
    let name = |(path, _): (PathBuf, _)| path.file_stem().unwrap().to_str().unwrap().to_owned();
    owned.map(name).collect()
}

/// Returns the module whose entity the source calls just `Entity`.
fn imported_module(text: &str) -> Option<&str> {
    let mut imports = text
        .split(';')
        .filter_map(|part| part.trim().rsplit("use entity::").next());
    let import = imports.find(|import| {
        let words = import.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
        import.contains("::")
            && words.clone().any(|word| word == "Entity")
            && !import.contains("::Entity::")
    })?;
    import.split("::").next()
}

/// Returns the modules whose tables a source reads with a bare `find`.
fn read_barely(text: &str) -> Vec<String> {
    let found = text.match_indices("Entity::find").map(|(place, _)| {
        let before = text[..place].strip_suffix("::");
        let module = before.and_then(|path| {
            path.rsplit(|letter: char| !letter.is_alphanumeric() && letter != '_')
                .next()
        });
        module.or_else(|| imported_module(text)).unwrap_or_default()
    });
    found.map(str::to_owned).collect()
}

#[test]
fn a_bare_find_is_found() {
    let imported = "use entity::audit_entry::{Column, Entity, Model};\nfn f() { Entity::find() }";
    assert_eq!(read_barely(imported), ["audit_entry"]);
    assert_eq!(
        read_barely("fn f() { entity::lead::Entity::find_by_id(id) }"),
        ["lead"]
    );
    assert!(read_barely("lead::Entity::owned_by(tenant)").is_empty());
}

#[test]
fn tenants_tables_are_read_through_their_finders() {
    let owned = owned_modules();
    assert!(owned.len() > 20, "{owned:?}");
    for crate_sources in ["engine/src", "api/src", "cli/src"] {
        for (path, text) in sources(crate_sources) {
            let barely: Vec<_> = read_barely(&text)
                .into_iter()
                .filter(|module| owned.contains(module))
                .collect();
            assert!(
                barely.is_empty(),
                "{}: use a finder for {barely:?}",
                path.display()
            );
        }
    }
}
