# shellcheck shell=bash
# What the tests can use on a Debian machine, for those who run all of them. Sourced by .ci/run and test/matrix/run.

# In the format of scripts/ensure-packages.sh.
packages=(c++:g++ gcc make python3 stress chromium dockerd:docker.io docker:docker-cli podman runc crun newuidmap:uidmap zsh fish valkey-server ip:iproute2 bwrap:bubblewrap socat rg:ripgrep clang++-19:clang-19 /usr/lib/llvm-19/lib/clang/19/lib/linux/libclang_rt.fuzzer-x86_64.a:libclang-rt-19-dev patchelf addr2line:binutils)

# A test that needs something of this list may not be skipped, because this machine has it.
export MEMCAGE_REQUIRE=${MEMCAGE_REQUIRE:-v1,hybrid,root,machine,swap-accounting,seccomp,userns,unprivileged-userns,first-userns,newuidmap,stress,gcc,python3,psi-switch,refaults,root-read-only,mount-ids,chromium,terminal,zsh,fish,valkey-server,ip,bwrap,sandbox-runtime,bun,deno,runc,docker,podman}
