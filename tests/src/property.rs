//! Properties: one test over many generated values, the same ones with every run.

use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use tokio::runtime::Builder;

use crate::{Backend, TestApp};

/// Values tried unless `PROPTEST_CASES` says otherwise.
const CASES: u32 = 24;
/// Most attempts to make a failing value simpler.
const SHRINKS: u32 = 200;

/// Runs `test` on values of `strategy`, all with one app; a failure shows the simplest value that fails.
///
/// The test is given the place of its value among all tried, so that it can make a site of its own.
pub fn property<T: Debug>(
    backend: Backend,
    strategy: &impl Strategy<Value = T>,
    test: &impl AsyncFn(&TestApp, usize, T),
) {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime can be started");
    let app = runtime.block_on(Box::pin(TestApp::start(backend)));
    let count = std::cell::Cell::new(0);
    let run = || {
        TestRunner::new(config()).run(strategy, |value| {
            count.set(count.get() + 1);
            runtime.block_on(Box::pin(test(&app, count.get(), value)));
            Ok(())
        })
    };
    let result = catch_unwind(AssertUnwindSafe(run));
    runtime.block_on(app.stop());
    match result {
        Ok(Ok(())) => {}
        Ok(Err(failure)) => panic!("{failure}"),
        Err(panic) => resume_unwind(panic),
    }
}

/// The same values with every run, unless `PROPTEST_RNG_SEED` names others.
fn config() -> Config {
    let default = Config::default();
    Config {
        cases: std::env::var("PROPTEST_CASES").map_or(CASES, |_| default.cases),
        failure_persistence: None,
        max_shrink_iters: SHRINKS,
        rng_seed: match default.rng_seed {
            RngSeed::Random => RngSeed::Fixed(1),
            chosen @ RngSeed::Fixed(_) => chosen,
        },
        ..default
    }
}
