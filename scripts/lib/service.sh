# The simulator and the service on data from it, for the demo and for tests from outside. Everything happens in the current
# folder, which gets the settings (.env), the logs and, unless another database is named, the database.
# Needs common.sh, and ctsync, ctsync-sandbox and ctsync-api in PATH.
# shellcheck shell=bash disable=SC2034

sandbox_id=
sandbox_url=
service_id=
service_url=

# Starts the simulator of both upstreams: start_sandbox <option of ctsync-sandbox>...
start_sandbox() {
    ctsync-sandbox "$@" >sandbox.json 2>sandbox.log &
    sandbox_id=$!
    # It prints one line once it listens.
    until [[ -s sandbox.json ]]; do
        kill -0 "$sandbox_id" 2>/dev/null || die "the simulator did not start: $(cat sandbox.log)"
        sleep 0.1
    done
    sandbox_url=$(sed -E 's/.*"url":"([^"]*)".*/\1/' sandbox.json)
}

# Writes the settings for the simulator's upstreams: write_settings <database url>
write_settings() {
    local secret_key
    secret_key=$(ctsync --quiet secret-key)
    cat >.env <<END
DATABASE_URL=$1
CTSYNC_SECRET_KEY=$secret_key
CLIENTTETHER_API_URL=$sandbox_url/clienttether/v2/api/
CLIENTTETHER_ACCESS_TOKEN=access-token-1
CURRENT_RMS_API_URL=$sandbox_url/current-rms/api/v1/
CTSYNC_LOG=warn
CTSYNC_LOG_FORMAT=text
END
}

# Makes a token and prints its secret: token <name> <option of ctsync tokens create>...
token() {
    ctsync --quiet tokens create "$@"
}

# Starts the service and waits until it is ready.
start_service() {
    local attempt
    for attempt in 1 2 3 4 5; do
        local address=127.0.0.1:$((20000 + RANDOM))
        ctsync-api --bind "$address" >service.out 2>service.log &
        service_id=$!
        if wait_for_service "$address"; then
            service_url=http://$address
            return
        fi
    done
    die "the service did not start: $(tail -n 5 service.log)"
}

# Succeeds once the service at an address is ready, fails when it ended before: wait_for_service <address>
wait_for_service() {
    local status
    while kill -0 "$service_id" 2>/dev/null; do
        status=$(http_status "$1" /readyz) || true
        [[ $status != 200 ]] || return 0
        sleep 0.1
    done
    return 1
}

# Prints the status that a GET ends with, with the shell alone: http_status <address> <path>
http_status() {
    local status
    {
        exec 4<>"/dev/tcp/${1%:*}/${1##*:}" || return 1
        printf 'GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n' "$2" "$1" >&4
        read -r _ status _ <&4
        exec 4<&-
    } 2>/dev/null
    echo "$status"
}

stop_service() {
    stop_process "$service_id"
    service_id=
}

stop_sandbox() {
    stop_process "$sandbox_id"
    sandbox_id=
}

# Ends a process of ours and waits until it is gone; does nothing when there is none: stop_process <id>
stop_process() {
    [[ -n $1 ]] || return 0
    kill "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
}

# The service on two synced tenants, and a token of each role in viewer_token, admin_token and agency_token:
# serve_sandbox_data <database url>
serve_sandbox_data() {
    start_sandbox --accounts 2 --leads 120 --opportunities 60 --notes 260 --activities 40 --linked-opportunities
    write_settings "$1"
    # Tests ask faster than anybody is meant to.
    printf 'CTSYNC_RATE_LIMIT%s=0\n' "" _UNKNOWN >>.env
    {
        ctsync migrate up
        local number=1 slug
        for slug in harbor-homes maple-kitchens; do
            ctsync tenants add "$slug" --time-zone America/New_York
            echo "web-key-$number" | ctsync connections add "$slug" requests_per_second=0
            number=$((number + 1))
        done
        # One of them rents things out, too.
        printf 'subdomain=rental-1\napi_key=api-key-1\n' |
            ctsync connections add harbor-homes --source current_rms --name rents requests_per_second=0
        ctsync run --all
        ctsync users add agency@example.com
        ctsync users grant agency@example.com --agency --role agency_admin
    } >setup.log 2>&1 || die "the data could not be made: $(tail -n 5 setup.log)"
    viewer_token=$(token viewer --tenant harbor-homes)
    admin_token=$(token admin --tenant harbor-homes --role tenant_admin)
    agency_token=$(token agency --user agency@example.com)
    start_service
}

# Ends what serve_sandbox_data began.
stop_serving() {
    stop_service
    stop_sandbox
}
