//! People, and who they are to the identity provider.

use serde_json::json;
use tests::on_both_databases;

use crate::installation::Installation;

on_both_databases! {
    async fn a_user_is_bound_to_a_subject_and_freed_again(app: &TestApp) {
        let ctsync = Installation::new(app);
        let ann = ctsync.json(&["users", "add", "Ann@Example.com", "--subject", "s-1"]).await;
        assert_eq!((&ann["email"], &ann["subject"]), (&json!("ann@example.com"), &json!("s-1")));
        assert_eq!(ctsync.json(&["users", "list"]).await[0]["subject"], json!("s-1"));
        let said = ctsync.succeed(&["users", "set", "ann@example.com", "--subject", "s-2"]).await;
        assert_eq!(said.stdout.trim(), "ann@example.com signs in as subject s-2.");
        let freed = ctsync.json(&["users", "set", "ann@example.com", "--subject", ""]).await;
        assert_eq!(freed["subject"], json!(null));
        assert_eq!(ctsync.json(&["users", "list"]).await[0]["subject"], json!(null));
    }

    async fn a_subject_is_not_given_to_two_users(app: &TestApp) {
        let ctsync = Installation::new(app);
        ctsync.succeed(&["users", "add", "ann@example.com", "--subject", "s-1"]).await;
        ctsync.succeed(&["users", "add", "bob@example.com"]).await;
        let refused = ctsync.run(&["users", "set", "bob@example.com", "--subject", "s-1"]).await;
        assert_ne!(refused.code, Some(0));
        assert!(refused.stderr.contains("another user has this subject already"), "{refused:?}");
    }
}
