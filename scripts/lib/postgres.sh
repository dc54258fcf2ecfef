# A private PostgreSQL: found or installed, run by an unprivileged user in a temporary folder, gone at the end.
# Needs common.sh.
# shellcheck shell=bash disable=SC2034

postgres_bin=
postgres_folder=
postgres_url=

# Finds the folder of a PostgreSQL server's programs, newest first.
find_postgres() {
    local candidate
    while read -r candidate; do
        if [[ -x $candidate/initdb && -x $candidate/pg_ctl && -x $candidate/postgres ]]; then
            postgres_bin=$candidate
            return 0
        fi
    done < <(postgres_candidates)
    return 1
}

postgres_candidates() {
    printf '%s\n' /usr/lib/postgresql/*/bin | sort --version-sort --reverse
    pg_config --bindir 2>/dev/null || true
    dirname "$(command -v initdb || echo /none/initdb)"
}

# Makes sure that a PostgreSQL server is installed.
need_postgres() {
    find_postgres && return
    install_packages "A PostgreSQL server" postgresql
    find_postgres || die "the PostgreSQL server that was installed is not to be found in /usr/lib/postgresql."
}

# Runs a command as the user that owns the server: PostgreSQL refuses to run as root.
as_postgres() (
    cd "$postgres_folder" || exit
    if [[ $(id -u) != 0 ]]; then
        exec "$@"
    elif command -v setpriv >/dev/null; then
        exec setpriv --reuid="$(postgres_user)" --regid="$(id -g "$(postgres_user)")" --clear-groups "$@"
    else
        exec runuser -u "$(postgres_user)" -- "$@"
    fi
)

postgres_user() {
    if [[ $(id -u) != 0 ]]; then
        id -un
    elif id postgres >/dev/null 2>&1; then
        echo postgres
    else
        echo nobody
    fi
}

# Starts a server on a free port of 127.0.0.1 with the given settings (name=value) and sets postgres_url.
# Call stop_postgres at the end, whatever happens.
start_postgres() {
    # Not below $TMPDIR, which the other user may not be allowed to enter; and paths of sockets must be short.
    postgres_folder=$(mktemp -d /tmp/ctsync-postgres.XXXXXX)
    chown "$(postgres_user)" "$postgres_folder"
    as_postgres "$postgres_bin/initdb" --pgdata=data --username=ctsync --auth=trust --encoding=UTF8 --no-locale \
        >"$postgres_folder/initdb.log" 2>&1 || postgres_failed initdb.log
    local attempt port
    for attempt in 1 2 3 4 5; do
        port=$((20000 + RANDOM))
        if try_to_start_postgres "$port" "$@"; then
            postgres_url="postgres://ctsync@127.0.0.1:$port/postgres?sslmode=disable"
            return
        fi
        echo "port $port is taken, attempt $attempt" >>"$postgres_folder/start.log"
    done
    postgres_failed server.log
}

try_to_start_postgres() {
    local port=$1 setting
    shift
    local options="-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$postgres_folder"
    for setting in "$@"; do
        options+=" -c $setting"
    done
    as_postgres "$postgres_bin/pg_ctl" --pgdata=data --log=server.log --wait --options="$options" start >/dev/null 2>&1
}

postgres_failed() {
    tail -n 20 "$postgres_folder/$1" >&2
    die "the private PostgreSQL did not start (programs in $postgres_bin, user $(postgres_user))."
}

# Stops the server and removes its folder; does nothing when there is none.
stop_postgres() {
    [[ -n $postgres_folder ]] || return 0
    as_postgres "$postgres_bin/pg_ctl" --pgdata=data --mode=immediate --silent stop >/dev/null 2>&1 || true
    rm -rf "$postgres_folder"
    postgres_folder=
}
