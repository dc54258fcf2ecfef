//! Every operation of the document, for every kind of caller, about another tenant's things.
//!
//! What is expected follows from what the document says of each operation: its role, and where it learns the
//! tenant. New operations take part by themselves.

mod operation;
mod world;

use entity::TenantId;
use entity::membership::Role;
use poem::http::Method;
use tests::on_both_databases;

use self::operation::{Operation, Place, operations};
use self::world::{World, body, spent_tokens};
use crate::support::{Answered, Service};

/// Somebody who calls.
struct Caller {
    token: String,
    /// The role in tenant A.
    role: Role,
    /// Whether tenant A is the only one.
    has_one_tenant: bool,
}

impl Caller {
    fn new(token: String, role: Role, has_one_tenant: bool) -> Self {
        Self {
            token,
            role,
            has_one_tenant,
        }
    }

    /// Whether the caller's role in tenant A is enough.
    fn may(&self, operation: &Operation) -> bool {
        match operation.role.as_deref() {
            None | Some("tenant_viewer") => true,
            Some("tenant_admin") => self.role <= Role::TenantAdmin,
            Some("agency_admin") => self.role == Role::AgencyAdmin,
            Some(other) => panic!("{other} is no role"),
        }
    }
}

async fn call(
    service: &Service<'_>,
    operation: &Operation,
    path: &str,
    token: Option<&str>,
    tenant: Option<TenantId>,
) -> Answered {
    let method = Method::from_bytes(operation.method.as_bytes()).unwrap();
    let mut call = service.call(method, path);
    if let Some(token) = token {
        call = call.token(token);
    }
    if let Some(tenant) = tenant {
        call = call.header("x-tenant-id", &tenant.to_string());
    }
    if operation.has_body {
        call = call.json(&body(operation));
    }
    let answer = call.send().await;
    assert!(
        answer.status.as_u16() < 500,
        "{}: {}",
        operation.id,
        answer.body
    );
    answer
}

/// Fails unless the answer is this refusal.
fn assert_refused(operation: &Operation, answer: &Answered, status: u16, what: &str) {
    assert_eq!(
        answer.status, status,
        "{} {what}: {}",
        operation.id, answer.body
    );
    assert_eq!(
        answer.header("content-type"),
        "application/problem+json",
        "{} {what}",
        operation.id
    );
}

fn protected() -> impl Iterator<Item = Operation> {
    operations()
        .into_iter()
        .filter(|operation| !operation.is_public)
}

/// What a member of tenant A gets when B is named outright.
async fn try_foreign_tenant(
    service: &Service<'_>,
    world: &World,
    caller: &Caller,
    operation: &Operation,
) {
    let path = world.path(operation, world.foreign.tenant);
    let header = (operation.place == Place::Header).then_some(world.foreign.tenant);
    let answer = call(service, operation, &path, Some(&caller.token), header).await;
    world.assert_tells_nothing_foreign(operation, &answer.body.to_string());
    match (operation.place, operation.role.as_deref()) {
        (Place::Nowhere, None) => assert!(answer.status.is_success(), "{}", operation.id),
        _ => assert_refused(operation, &answer, 403, "about tenant B"),
    }
}

/// What a member of tenant A gets when A is meant, but B's things are named.
async fn try_foreign_things(
    service: &Service<'_>,
    world: &World,
    caller: &Caller,
    operation: &Operation,
) {
    if operation.place == Place::Nowhere {
        return;
    }
    let path = world.path(operation, world.own.tenant);
    let needs_header = operation.place == Place::Header && !caller.has_one_tenant;
    if needs_header {
        let answer = call(service, operation, &path, Some(&caller.token), None).await;
        assert_refused(operation, &answer, 400, "without a tenant");
    }
    let header = needs_header.then_some(world.own.tenant);
    let answer = call(service, operation, &path, Some(&caller.token), header).await;
    world.assert_tells_nothing_foreign(operation, &answer.body.to_string());
    if !caller.may(operation) {
        assert_refused(operation, &answer, 403, "with too small a role");
    } else if operation.names_object() {
        assert_refused(operation, &answer, 404, "about B's things");
    } else {
        let is_done = answer.status.is_success() || answer.status == 409;
        assert!(
            is_done,
            "{}: {} {}",
            operation.id, answer.status, answer.body
        );
    }
}

on_both_databases! {
    async fn nobody_reaches_another_tenants_things(app: &TestApp) {
        let service = Service::new(app);
        let world = World::new(app, &service).await;
        let before = world.foreign.connection_row().await;
        let own = world.own.tenant;
        let third = app.site(ctsync_sandbox::AccountSpec { web_key: "third".to_owned(), ..Default::default() }).await.tenant;
        let both = [(Some(own), Role::TenantAdmin), (Some(third), Role::TenantViewer)];
        let callers = [
            Caller::new(service.token(own, Role::TenantViewer).await, Role::TenantViewer, true),
            Caller::new(service.token(own, Role::TenantAdmin).await, Role::TenantAdmin, true),
            Caller::new(service.person("ann@example.com", &both[..1]).await, Role::TenantAdmin, true),
            Caller::new(service.person("bob@example.com", &both).await, Role::TenantAdmin, false),
        ];
        for operation in protected() {
            for caller in &callers {
                try_foreign_tenant(&service, &world, caller, &operation).await;
                try_foreign_things(&service, &world, caller, &operation).await;
            }
        }
        world.assert_foreign_is_untouched(app, &before).await;
    }

    async fn without_a_good_token_nothing_is_answered(app: &TestApp) {
        let service = Service::new(app);
        let world = World::new(app, &service).await;
        let [expired, revoked] = spent_tokens(app, &service, world.own.tenant).await;
        let refusals = [
            (None, "credential_missing"),
            (Some("ctsync_unknown"), "credential_invalid"),
            (Some(expired.as_str()), "credential_expired"),
            (Some(revoked.as_str()), "credential_revoked"),
        ];
        for operation in protected() {
            for tenant in [world.own.tenant, world.foreign.tenant] {
                let path = world.path(&operation, tenant);
                for (token, code) in refusals {
                    let answer = call(&service, &operation, &path, token, Some(tenant)).await;
                    answer.assert_problem(401, code);
                    world.assert_tells_nothing_foreign(&operation, &answer.body.to_string());
                }
            }
        }
    }

    async fn the_agency_reaches_each_tenants_things_under_that_tenant_only(app: &TestApp) {
        let service = Service::new(app);
        let world = World::new(app, &service).await;
        let agency = service.person("boss@example.com", &[(None, Role::AgencyAdmin)]).await;
        for operation in protected().filter(|operation| operation.place != Place::Nowhere && operation.names_object()) {
            let path = world.path(&operation, world.own.tenant);
            let header = (operation.place == Place::Header).then_some(world.own.tenant);
            let answer = call(&service, &operation, &path, Some(&agency), header).await;
            assert_refused(&operation, &answer, 404, "under tenant A");
        }
        // What is removed or archived is not asked for by the operations that come before it.
        let ends = |operation: &Operation| operation.method == "DELETE" || operation.id == "archive_tenant";
        let (last, first): (Vec<_>, Vec<_>) = protected().partition(ends);
        for operation in first.iter().chain(last.iter().rev()) {
            let path = world.path(operation, world.foreign.tenant);
            let header = (operation.place == Place::Header).then_some(world.foreign.tenant);
            let answer = call(&service, operation, &path, Some(&agency), header).await;
            let is_done = answer.status.is_success() || answer.status == 409;
            assert!(is_done, "{}: {} {}", operation.id, answer.status, answer.body);
        }
    }
}
