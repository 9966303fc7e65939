#!/usr/bin/env bash
# A private Docker engine for the image tests, on a Debian 12 machine that runs none.
#
#   eval "$(tools/docker_engine.sh start FOLDER)"    sets DOCKER_HOST
#   tools/docker_engine.sh stop FOLDER
#
# Everything the engine owns (images, sockets, its pid) lies below FOLDER, so it disturbs
# no other engine. It has no network of its own (no bridge, no firewall rules, which also
# suits machines without iptables): build and run with `--network host`.
#
# No image registry is asked. `start` makes a stand-in for python:3.11-slim-bookworm from
# Debian's own packages, and puts this machine's certificates and pip settings into it:
# they belong to the place that builds, so the project's Dockerfile need not know them.
# FOLDER/base.tar keeps the stand-in: a second start takes a few seconds.
set -euo pipefail

readonly BASE_IMAGE=python:3.11-slim-bookworm
readonly RELEASE=bookworm
readonly CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt
readonly START_TIMEOUT_S=60

say() { printf '%s\n' "$*" >&2; }

die() {
    say "docker_engine: $*"
    exit 1
}

usage() {
    say "usage: docker_engine.sh start|stop FOLDER"
    exit 2
}

# Debian packages: installed only where they are missing.
install_tools() {
    local missing=()
    [[ -x /usr/sbin/dockerd ]] || missing+=(docker.io)
    [[ -x /usr/sbin/debootstrap ]] || missing+=(debootstrap)
    command -v docker >/dev/null || missing+=(docker.io)
    [[ ${#missing[@]} -eq 0 ]] && return
    say "installing ${missing[*]}"
    apt-get -qq update >&2
    DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends \
        "${missing[@]}" >&2
}

answers() { docker --host "$HOST" version >/dev/null 2>&1; }

start_daemon() {
    answers && return
    say "starting dockerd below $FOLDER"
    setsid nohup dockerd \
        --host "$HOST" \
        --data-root "$FOLDER/data" \
        --exec-root "$FOLDER/exec" \
        --pidfile "$PIDFILE" \
        --iptables=false --ip6tables=false --bridge=none \
        </dev/null >"$FOLDER/dockerd.log" 2>&1 &
    local waited
    for ((waited = 0; waited < START_TIMEOUT_S * 5; waited++)); do
        answers && return
        sleep 0.2
    done
    tail -n 20 "$FOLDER/dockerd.log" >&2
    die "dockerd did not answer within $START_TIMEOUT_S s; see $FOLDER/dockerd.log"
}

# The mirror that apt on this machine uses for the release.
mirror() {
    # The $(…) below are apt's own format fields.
    # shellcheck disable=SC2016
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' |
        awk -v release="$RELEASE" '$2 == release && $3 == "main" { print $1; exit }'
}

# pip settings of this machine that also mean something inside an image: addresses and
# time limits, not paths of this machine.
pip_settings() {
    printf '[global]\ncert = %s\n' "$CA_BUNDLE"
    # A Python without pip has no settings.
    { python3 -m pip config list 2>/dev/null || true; } | python3 -c '
import ast, re, sys

wanted = {"index-url", "extra-index-url", "trusted-host", "timeout", "retries"}
settings = {}
for line in sys.stdin:  # global.index-url=<repr>, or :env:.index-url=<repr>
    found = re.fullmatch(r"(?:global|:env:)\.([\w-]+)=(.*)\n?", line)
    if found:
        key = found[1].removeprefix("default-")
        values = str(ast.literal_eval(found[2])).split()
        values = [value for value in values if not value.startswith(("/", "file:"))]
        if key in wanted and values:
            settings[key] = " ".join(values)
for key, value in settings.items():
    print(f"{key} = {value}")
'
}

make_base_archive() {
    local root=$FOLDER/base-root site
    site=$(mirror)
    [[ -n $site ]] || die "apt on this machine knows no source for Debian $RELEASE"
    say "making the stand-in for $BASE_IMAGE (about a minute)"
    rm -rf "$root"
    debootstrap --variant=minbase \
        --include=python3,python3-venv,python-is-python3,ca-certificates \
        "$RELEASE" "$root" "$site" >"$FOLDER/debootstrap.log" 2>&1 || {
        tail -n 20 "$FOLDER/debootstrap.log" >&2
        die "debootstrap failed; see $FOLDER/debootstrap.log"
    }
    # Like the official image, it has pip below /usr/local, which may install there.
    rm -f "$root"/usr/lib/python3*/EXTERNALLY-MANAGED
    chroot "$root" python3 -m venv /tmp/pip
    mv "$root"/tmp/pip/lib/python3*/site-packages/pip* \
        "$root"/usr/local/lib/python3*/dist-packages/
    sed '1s|.*|#!/usr/bin/python3|' "$root/tmp/pip/bin/pip" >"$root/usr/local/bin/pip"
    chmod +x "$root/usr/local/bin/pip"
    rm -rf "$root/tmp/pip"
    rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
    cp --dereference "$CA_BUNDLE" "$root$CA_BUNDLE"
    pip_settings >"$root/etc/pip.conf"
    # Renamed at the end: an interrupted run leaves no half archive behind.
    tar -C "$root" --one-file-system -cf "$ARCHIVE.part" .
    mv "$ARCHIVE.part" "$ARCHIVE"
    rm -rf "$root"
}

make_base_image() {
    docker --host "$HOST" image inspect "$BASE_IMAGE" >/dev/null 2>&1 && return
    [[ -s $ARCHIVE ]] || make_base_archive
    docker --host "$HOST" import \
        --change "ENV SSL_CERT_FILE=$CA_BUNDLE LANG=C.UTF-8" \
        --change 'CMD ["python3"]' \
        "$ARCHIVE" "$BASE_IMAGE" >/dev/null
}

# The pid of this folder's daemon; fails when it is gone, or the number is another's now.
daemon_pid() {
    local pid
    [[ -s $PIDFILE ]] || return 1
    pid=$(<"$PIDFILE")
    tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -qF -- "--pidfile $PIDFILE" ||
        return 1
    printf '%s\n' "$pid"
}

stop() {
    local pid mount waited
    if pid=$(daemon_pid); then
        kill -TERM "$pid"
        for ((waited = 0; waited < 150; waited++)); do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.2
        done
        if kill -0 "$pid" 2>/dev/null; then die "dockerd ($pid) does not stop"; fi
    fi
    # Deepest first. /proc/mounts writes a space as \040.
    awk '{ print $2 }' /proc/mounts | sort -r | while read -r mount; do
        mount=$(printf '%b' "${mount//\\0/\\00}")
        if [[ $mount == "$FOLDER"/* ]]; then umount --lazy "$mount"; fi
    done
    rm -rf "$FOLDER/data" "$FOLDER/exec" "$FOLDER/base-root" "$SOCKET" "$PIDFILE"
    say "stopped; $ARCHIVE is kept for the next start"
}

[[ $# -eq 2 && -n $2 ]] || usage
[[ $(id -u) -eq 0 ]] || die "run it as root: dockerd and debootstrap need it"
mkdir -p "$2"
FOLDER=$(cd "$2" && pwd -P)
readonly FOLDER
readonly SOCKET=$FOLDER/docker.sock PIDFILE=$FOLDER/docker.pid ARCHIVE=$FOLDER/base.tar
readonly HOST=unix://$SOCKET

case $1 in
start)
    install_tools
    start_daemon
    make_base_image
    printf 'export DOCKER_HOST=%q\n' "$HOST"
    ;;
stop) stop ;;
*) usage ;;
esac
