# shellcheck shell=bash
# Packages of the distribution, and of others of its suites. apt_options tell apt to use the latter.

apt_options=()

# As root, because the user that apt would otherwise become can't write to the cache.
apt() { apt-get -q -o APT::Sandbox::User=root "${apt_options[@]}" "$@" </dev/null >&2; }

distribution() (
  # shellcheck source=/dev/null
  source /etc/os-release
  printf %s "$ID"
)

codename() (
  # shellcheck source=/dev/null
  source /etc/os-release
  printf %s "$VERSION_CODENAME"
)

# Usage: use_suites NAME SUITE...
# From here on apt knows only these suites of Debian, through its own package lists. This machine's apt does not see
# any of it.
use_suites() {
  local state=$cache/apt-$1 keyring=/usr/share/keyrings/debian-archive-keyring
  shift
  [[ -e $keyring.pgp ]] && keyring+=.pgp || keyring+=.gpg
  [[ -e $keyring ]] || "$checkout/scripts/ensure-packages.sh" "$keyring:debian-archive-keyring"
  mkdir -p "$state/lists/partial" "$state/cache/archives/partial"
  write_sources "$keyring" "$@" >"$state/sources.list"
  apt_options=(-o "Dir::Etc::sourcelist=$state/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$state/lists"
    -o "Dir::Cache=$state/cache")
  # What is installed here says nothing about packages for another processor.
  [[ ${arch:-x64} == x64 ]] ||
    apt_options+=(-o "APT::Architecture=$arch" -o "APT::Architectures::=$arch" -o Dir::State::status=/dev/null)
  apt update
}

# Uses the archives from which this machine gets its own Debian, so that no host is named here.
write_sources() {
  local keyring=$1 suite main='' security='' archive
  shift
  main=$(main_archive)
  [[ -n ${MEMCAGE_GUEST_DEBIAN_ARCHIVE:-} ]] || security=$(debian_archives | awk '$2 ~ /-security$/ { print $1; exit }')
  [[ -n $main ]] || {
    say "apt knows no Debian archive here: name one in MEMCAGE_GUEST_DEBIAN_ARCHIVE"
    return 1
  }
  for suite in "$@"; do
    archive=$main
    if [[ $suite == *-security ]]; then archive=$security; fi
    [[ -z $archive ]] || echo "deb [signed-by=$keyring] $archive $suite main"
  done
}

main_archive() {
  if [[ -n ${MEMCAGE_GUEST_DEBIAN_ARCHIVE:-} ]]; then
    echo "$MEMCAGE_GUEST_DEBIAN_ARCHIVE"
    return
  fi
  debian_archives | grep -q . || apt update
  debian_archives | awk '$2 !~ /-/ { print $1; exit }'
}

# Usage: archive_lacks SUITE
# Whether the archive itself says so. One that does not answer may have it.
archive_lacks() {
  local archive answer
  archive=$(main_archive)
  answer=$(wget --spider --server-response "${archive%/}/dists/$1/Release" 2>&1) || true
  [[ $answer =~ HTTP/[0-9.]+\ 404 ]]
}

debian_archives() {
  # shellcheck disable=SC2016 # apt's own variables
  apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages' 'Origin: Debian' | sort -u
}
