//! Accounts of ClientTether.

use serde_json::Value;

use super::edit::Edit;
use super::spec::AccountSpec;
use super::switches::Switches;
use super::truth::{Collection, Truth};
use super::{seed, shape};
use crate::account::{Account, AccountState, Accounts};
use crate::edit::EditError;
use crate::record::Record;
use crate::sandbox::Shared;
use crate::spec::SpecError;
use crate::upstream::{Opening, Spec, Upstream};

/// ClientTether, as a type.
#[derive(Clone, Copy, Debug)]
pub struct ClientTether;

impl Upstream for ClientTether {
    type Spec = AccountSpec;
    type Truth = Truth;
    type Switches = Switches;
    type Edit = Edit;
    type Own = ();

    const NAME_KEY: &'static str = "webKey";
    const SECRET_KEY: &'static str = "accessToken";

    fn accounts(shared: &Shared) -> &Accounts<Self> {
        &shared.clienttether
    }

    fn open(spec: AccountSpec) -> Result<Opening<Self>, SpecError> {
        let truth = seed::truth(&spec)?;
        Ok(Opening {
            name: spec.web_key,
            secret: spec.access_token,
            truth,
            own: (),
        })
    }

    fn served(state: &AccountState<Self>) -> Truth {
        shape::served_truth(&state.truth, &state.switches)
    }

    fn make(edit: Edit, state: &mut AccountState<Self>) -> Result<Option<String>, EditError> {
        edit.apply(&mut state.truth)
    }
}

impl Spec for AccountSpec {
    type Upstream = ClientTether;
}

impl Account<ClientTether> {
    /// Returns the web key that names the account.
    pub fn web_key(&self) -> String {
        self.lock().name.clone()
    }

    /// Returns the access token that opens the account now.
    pub fn access_token(&self) -> String {
        self.lock().secret.clone()
    }

    /// Regenerates the access token, so that the old one is refused, and returns the new one.
    pub fn rotate_token(&self) -> String {
        self.rotate_secret()
    }

    /// Adds a record and returns its id; see [`Truth::add`].
    pub fn add(&self, collection: Collection, fields: Record) -> Result<String, EditError> {
        self.edit(|truth| truth.add(collection, fields))
    }

    /// Sets one field of one record.
    pub fn update(
        &self,
        collection: Collection,
        id: &str,
        field: &str,
        value: impl Into<Value>,
    ) -> Result<(), EditError> {
        self.edit(|truth| truth.update(collection, id, field, value))
    }

    /// Takes a record out of the lists; see [`Truth::delete`].
    pub fn delete(&self, collection: Collection, id: &str) -> Result<(), EditError> {
        self.edit(|truth| truth.delete(collection, id))
    }

    /// Brings a deleted record back; see [`Truth::restore`].
    pub fn restore(&self, collection: Collection, id: &str) -> Result<(), EditError> {
        self.edit(|truth| truth.restore(collection, id))
    }

    /// Renames a stage in the stage list and in every record that names it.
    pub fn rename_stage(&self, old: &str, new: &str) -> Result<(), EditError> {
        self.edit(|truth| truth.rename_stage(old, new))
    }

    /// Adds a note to a client and returns the note's id.
    pub fn add_note(&self, client_id: &str, text: &str) -> Result<String, EditError> {
        self.edit(|truth| truth.add_note(client_id, text))
    }

    /// Changes the text of a note.
    pub fn edit_note(&self, note_id: &str, text: &str) -> Result<(), EditError> {
        self.edit(|truth| truth.edit_note(note_id, text))
    }
}

/// Names `add`, `update`, `delete` and `restore` after what they work on, for tests that read well.
macro_rules! named_edits {
    ($collection:ident, $noun:literal, $add:ident, $update:ident, $delete:ident, $restore:ident) => {
        impl Account<ClientTether> {
            #[doc = concat!("Adds ", $noun, " and returns its id; see [`Truth::add`].")]
            pub fn $add(&self, fields: Record) -> Result<String, EditError> {
                self.add(Collection::$collection, fields)
            }

            #[doc = concat!("Sets one field of ", $noun, ".")]
            pub fn $update(
                &self,
                id: &str,
                field: &str,
                value: impl Into<Value>,
            ) -> Result<(), EditError> {
                self.update(Collection::$collection, id, field, value)
            }

            #[doc = concat!("Takes ", $noun, " out of the lists; see [`Truth::delete`].")]
            pub fn $delete(&self, id: &str) -> Result<(), EditError> {
                self.delete(Collection::$collection, id)
            }

            #[doc = concat!("Brings ", $noun, " back as it was; see [`Truth::restore`].")]
            pub fn $restore(&self, id: &str) -> Result<(), EditError> {
                self.restore(Collection::$collection, id)
            }
        }
    };
}

named_edits!(
    Clients,
    "a client",
    add_client,
    update_client,
    delete_client,
    restore_client
);
named_edits!(
    Opportunities,
    "an opportunity",
    add_opportunity,
    update_opportunity,
    delete_opportunity,
    restore_opportunity
);
named_edits!(
    SalesCycles,
    "a stage",
    add_stage,
    update_stage,
    delete_stage,
    restore_stage
);
named_edits!(
    Notes,
    "a note",
    add_note_record,
    update_note,
    delete_note,
    restore_note
);
named_edits!(
    Events,
    "an event",
    add_event,
    update_event,
    delete_event,
    restore_event
);
