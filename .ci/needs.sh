# shellcheck shell=bash
# What the tests can make use of on a Debian machine, for whoever runs all of them: sourced by .ci/run and test/matrix/run.

# Of scripts/ensure-packages.sh.
packages=(c++:g++ make python3 stress chromium dockerd:docker.io docker:docker-cli podman runc crun newuidmap:uidmap zsh fish)

# What this machine has, a test may not skip.
export MEMCAGE_REQUIRE=${MEMCAGE_REQUIRE:-v1,hybrid,root,swap-accounting,seccomp,userns,unprivileged-userns,first-userns,newuidmap,stress,chromium,terminal,zsh,fish,bun,deno,runc,docker,podman}
