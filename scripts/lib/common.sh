# What every script here needs: the repository's root, words for people, and tools that a fresh machine may lack.
# shellcheck shell=bash disable=SC2034

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# A login shell finds cargo by itself; other shells may need to be told.
if ! command -v cargo >/dev/null && [[ -x ${CARGO_HOME:-$HOME/.cargo}/bin/cargo ]]; then
    PATH=${CARGO_HOME:-$HOME/.cargo}/bin:$PATH
fi

# Colours only for a terminal whose owner did not say no.
bold= plain=
if [[ -t 1 && -z ${NO_COLOR:-} ]]; then
    bold=$'\e[1m' plain=$'\e[0m'
fi

# Prints a heading with the time since the script began.
heading() {
    printf '\n%s── %d:%02d  %s%s\n' "$bold" $((SECONDS / 60)) $((SECONDS % 60)) "$*" "$plain"
}

# Ends the script, saying why.
die() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

# Runs a command with the rights of root, or fails.
as_root() {
    if [[ $(id -u) == 0 ]]; then
        "$@"
    else
        sudo -n "$@"
    fi
}

# Installs packages of a Debian-like system, or says what is missing: install_packages <what for> <package>...
install_packages() {
    local purpose=$1
    shift
    if ! command -v apt-get >/dev/null || ! as_root true 2>/dev/null; then
        die "$purpose is missing. Install it (on Debian and Ubuntu: sudo apt-get install $*), then start again."
    fi
    echo "$purpose is missing; installing $*"
    as_root apt-get update -qq || die "apt-get update failed; install $* by hand, then start again."
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null ||
        die "apt-get could not install $*; install it by hand, then start again."
}

# Makes sure that Rust and the C compiler it links with are there.
need_rust() {
    command -v cargo >/dev/null || die "cargo is missing; install Rust from https://rustup.rs, then start again."
    command -v cc >/dev/null || install_packages "A C compiler" gcc libc6-dev
}

# Makes sure that cargo has the component behind a subcommand: need_component <subcommand> <component>
need_component() {
    cargo "$1" --version >/dev/null 2>&1 || rustup component add "$2" ||
        die "cargo $1 is missing; install it with 'rustup component add $2', then start again."
}

# Builds the release binaries of the product and its tools and sets programs to their folder. Always the same
# packages, for another choice could mean other features of their dependencies and so another long build.
build_release() {
    cargo build --release --locked -p cli -p api -p ctsync-sandbox -p bench
    programs=$(target_folder)/release
}

# Prints the folder that cargo builds into.
target_folder() {
    cargo metadata --format-version 1 --no-deps --locked | sed -E 's/.*"target_directory":"([^"]*)".*/\1/'
}
