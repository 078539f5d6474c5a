# shellcheck shell=bash
# What differs from run to run: init's settings, the shares and the command, in a second archive after the initramfs.

write_job() {
  local files=$work/job
  mkdir "$files"
  printf '%s\n' "ZRAM=$swap_mib" "DISK=$swap_disk" "ZSWAP=$zswap" "SYSTEMD=$systemd" "CGROUP=$cgroup_version" \
    "SHARE=$share_type" "ROOT=$root_source" >"$files/settings"
  printf '%s\n' "${share_lines[@]}" >"$files/shares"
  write_command >"$files/command"
  cat "$initramfs" <(pack "$files") >"$work/initrd"
}

# Emulation takes 10 times as long for JavaScript, and more for system calls and page faults. A kernel that is a
# process takes 4 times as long for those.
declare -A slowness=([kvm]=2 [uml]=4 [tcg]=10)

# In percent, for tests that start very many processes.
declare -A starts=([kvm]=100 [uml]=10 [tcg]=10)

# The tests' patience comes first, so that --env can override it.
write_command() {
  local entry
  echo "cd $(quoted "$PWD") || exit 125"
  for entry in "MEMCAGE_TEST_GUEST=$acceleration" "MEMCAGE_TEST_SLOWNESS=${slowness[$acceleration]}" \
    "MEMCAGE_TEST_STARTS=${starts[$acceleration]}" "${variables[@]}"; do
    case $entry in
      *=*) echo "export ${entry%%=*}=$(quoted "${entry#*=}")" ;;
      *) [[ -z ${!entry+set} ]] || echo "export $entry=$(quoted "${!entry}")" ;;
    esac
  done
  printf exec
  printf ' %s' "$(quoted "${command[@]}")"
  echo
}

# Quotes words for a POSIX shell.
quoted() {
  local word
  for word in "$@"; do
    printf "'%s' " "${word//\'/\'\\\'\'}"
  done
}
