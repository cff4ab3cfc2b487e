# Targets of the appliance: Rust triples, C cross compilers, and the compiler that can reach them on this machine.
# It never installs anything; what is missing is named together with the command that brings it.
# Sourced by image/build-binary and image/check-bare-metal; expects IMAGE_OUT and debian.sh.
# shellcheck shell=bash

# The oldest Debian rustc that takes this workspace (edition 2024; see rust-version in Cargo.toml).
readonly DEBIAN_RUSTC=/usr/bin/rustc

# Prints: Rust triple of glibc, of musl, Debian architecture, prefix of the GNU cross tools.
target_facts() {
  case $1 in
    aarch64) echo "aarch64-unknown-linux-gnu aarch64-unknown-linux-musl arm64 aarch64-linux-gnu" ;;
    armv7) echo "armv7-unknown-linux-gnueabihf armv7-unknown-linux-musleabihf armhf arm-linux-gnueabihf" ;;
    x86_64) echo "x86_64-unknown-linux-gnu x86_64-unknown-linux-musl amd64 x86_64-linux-gnu" ;;
    *) return 1 ;;
  esac
}

# True when compiler $1 has a standard library for triple $2.
target_has_std() {
  local libs
  libs=$("$1" --print target-libdir --target "$2" 2>/dev/null) && compgen -G "$libs/libstd-*.rlib" >/dev/null
}

# True when `cross` is there and the Docker daemon answers (a docker client alone builds nothing).
target_has_cross() {
  command -v cross >/dev/null && timeout 10 docker info >/dev/null 2>&1
}

# A folder for --sysroot holding Debian's standard library for triple $2 (architecture $1), fetched when needed.
# rustc refuses a library of another version, so exactly the installed compiler's is asked for.
target_debian_sysroot() {
  local arch=$1 triple=$2 version folder
  version=$(dpkg-query -W -f '${Version}' rustc-web 2>/dev/null) || return 1
  folder="$IMAGE_OUT/sysroot/$version"
  if ! compgen -G "$folder/usr/lib/rustlib/$triple/lib/libstd-*.rlib" >/dev/null; then
    debian_prepare "$arch" || return 1
    debian_unpack "$arch" "$folder" "libstd-rust-web-dev=$version" || return 1
    compgen -G "$folder/usr/lib/rustlib/$triple/lib/libstd-*.rlib" >/dev/null || return 1
  fi
  printf '%s\n' "$folder/usr"
}

# The source of Debian's standard library, for a target no package is built for.
target_debian_source() {
  [ -x "$DEBIAN_RUSTC" ] && [ -d "$("$DEBIAN_RUSTC" --print sysroot)/lib/rustlib/src/rust/library" ]
}
