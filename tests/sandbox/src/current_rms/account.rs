//! Accounts of Current RMS, as the simulator has them.

use std::time::Duration;

use super::edit::Edit;
use super::own::Own;
use super::spec::AccountSpec;
use super::switches::Switches;
use super::truth::Truth;
use super::{change, seed, shape, webhook};
use crate::account::{Account, AccountState, Accounts};
use crate::edit::EditError;
use crate::sandbox::Shared;
use crate::spec::SpecError;
use crate::tasks::Tasks;
use crate::upstream::{Opening, Spec, Upstream};

/// Current RMS, as a type.
#[derive(Clone, Copy, Debug)]
pub struct CurrentRms;

impl Upstream for CurrentRms {
    type Spec = AccountSpec;
    type Truth = Truth;
    type Switches = Switches;
    type Edit = Edit;
    type Own = Own;

    const NAME_KEY: &'static str = "subdomain";
    const SECRET_KEY: &'static str = "apiKey";

    fn accounts(shared: &Shared) -> &Accounts<Self> {
        &shared.current_rms
    }

    fn open(spec: AccountSpec) -> Result<Opening<Self>, SpecError> {
        let zone = spec.time_zone.parse();
        let zone = zone.map_err(|_| SpecError::UnknownTimeZone(spec.time_zone.clone()))?;
        let truth = seed::truth(&spec)?;
        Ok(Opening {
            name: spec.subdomain,
            secret: spec.api_key,
            truth,
            own: Own::of_zone(zone),
        })
    }

    fn start(account: &Account<Self>, tasks: &Tasks) {
        webhook::send_all(account, tasks);
    }

    fn served(state: &AccountState<Self>) -> Truth {
        shape::served_truth(state)
    }

    fn make(edit: Edit, state: &mut AccountState<Self>) -> Result<Option<String>, EditError> {
        change::make(edit, state)
    }

    fn keeps_former(switches: &Switches) -> bool {
        switches.visibility_lag_ms > 0
    }

    fn changed(state: &mut AccountState<Self>, former: Option<Truth>) {
        if let Some(former) = former {
            let lag = Duration::from_millis(state.switches.visibility_lag_ms);
            state.own.visibility.lag(former, lag);
        }
        webhook::dispatch(state);
    }
}

impl Spec for AccountSpec {
    type Upstream = CurrentRms;
}
