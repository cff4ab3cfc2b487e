# Packages of another architecture, taken from the machine's own Debian mirror and unpacked, never installed.
# It never touches the machine's dpkg database, its architectures or its package lists, and needs no root.
# Sourced by image/build-binary, image/check-bare-metal and image/build; expects IMAGE_OUT.
# shellcheck shell=bash

# A mirror caught in mid-sync fails the update; it is whole again after a moment.
readonly DEBIAN_UPDATE_TRIES=4
readonly DEBIAN_UPDATE_PAUSE_S=10
# Lists older than this are fetched again: an old list names files the mirror has dropped.
readonly DEBIAN_LISTS_MAX_AGE_MIN=720
# After a failed update, what did arrive is used for this long before the mirror is asked again.
readonly DEBIAN_RETRY_AFTER_MIN=10

# Runs an apt tool that sees only architecture $1: debian_apt ARCH apt-get update
debian_apt() {
  local arch=$1
  shift
  APT_CONFIG="$IMAGE_OUT/apt/$arch/apt.conf" "$@"
}

# Sets up the private apt folder for architecture $1 and fetches the lists when they are old.
debian_prepare() {
  local arch=$1 root="$IMAGE_OUT/apt/$1" try log
  log="$root/update.log"
  if [ -n "$(find "$root/complete" -mmin "-$DEBIAN_LISTS_MAX_AGE_MIN" 2>/dev/null)" ]; then return; fi
  if [ -n "$(find "$root/incomplete" -mmin "-$DEBIAN_RETRY_AFTER_MIN" 2>/dev/null)" ]; then return; fi
  mkdir -p "$root/state/lists/partial" "$root/cache/archives/partial" "$root/debs"
  : >"$root/status"
  cat >"$root/apt.conf" <<CONF
#clear APT::Architectures;
APT::Architecture "$arch";
APT::Architectures { "$arch"; };
APT::Sandbox::User "";
APT::Update::Error-Mode "any";
Acquire::Retries "3";
Dir::State "$root/state";
Dir::State::status "$root/status";
Dir::Cache "$root/cache";
CONF
  rm -f "$root/complete" "$root/incomplete"
  for ((try = 1; try <= DEBIAN_UPDATE_TRIES; try++)); do
    if debian_apt "$arch" apt-get -q update >"$log" 2>&1; then
      : >"$root/complete"
      return
    fi
    if ((try < DEBIAN_UPDATE_TRIES)); then sleep "$DEBIAN_UPDATE_PAUSE_S"; fi
  done
  : >"$root/incomplete"
  # What did arrive may be enough (one suite in mid-sync); a package that is missing is named when asked for.
  printf 'package lists of %s are incomplete after %d tries: %s\n' "$arch" "$DEBIAN_UPDATE_TRIES" "$(grep -m1 '^E:' "$log")" >&2
}

# Version of package $2 that the mirror offers for architecture $1, or nothing.
debian_candidate() {
  debian_apt "$1" apt-cache policy "$2" | sed -n 's/^ *Candidate: \([^(].*\)/\1/p'
}

# Name of the package that the metapackage $2 of architecture $1 stands for (linux-image-arm64 -> linux-image-6.1.0-...).
debian_resolve() {
  local version
  version=$(debian_candidate "$1" "$2")
  debian_apt "$1" apt-cache show "$2=$version" | sed -n 's/^Depends: \([^ ,(]*\).*/\1/p' | head -n 1
}

# Unpacks packages of architecture $1 (NAME or NAME=VERSION, third argument onwards) into folder $2.
debian_unpack() {
  local arch=$1 into=$2 package file
  shift 2
  mkdir -p "$into"
  for package in "$@"; do
    file=$(debian_download "$arch" "$package") || return 1
    dpkg-deb -x "$file" "$into"
  done
}

# Downloads one package of architecture $1 unless it is there already, and prints the file's path.
debian_download() {
  local arch=$1 name=${2%%=*} version file
  version=$(debian_candidate "$arch" "$name")
  case $2 in *=*) version=${2#*=} ;; esac
  file="$IMAGE_OUT/apt/$arch/debs/${name}_${version//:/%3a}_$arch.deb"
  if [ ! -f "$file" ]; then
    if ! (cd "${file%/*}" && debian_apt "$arch" apt-get -q download "$name=$version" >download.log 2>&1); then
      printf 'the mirror has no %s=%s for %s\n' "$name" "${version:-?}" "$arch" >&2
      return 1
    fi
    # Packages for all architectures carry another suffix.
    if [ ! -f "$file" ]; then file="${file%_"$arch".deb}_all.deb"; fi
  fi
  printf '%s\n' "$file"
}
