# shellcheck shell=bash
# What differs from run to run: init's settings, the shares and the command, as a second archive after the initramfs.

write_job() {
  local files=$work/job number
  mkdir "$files"
  printf '%s\n' "ZRAM=$swap_mib" "DISK=$swap_disk_mib" "ZSWAP=$zswap" "SYSTEMD=$systemd" "CGROUP=$cgroup_version" \
    >"$files/settings"
  {
    # First, since a share may lie in it.
    echo 'var-tmp /var/tmp'
    for number in "${!shares[@]}"; do
      printf 'share%s %s\n' "$number" "${shares[number]}"
    done
  } >"$files/shares"
  write_command >"$files/command"
  cat "$initramfs" <(pack "$files") >"$work/initrd"
}

# Emulation takes 10 times as long for JavaScript, and more for system calls and page faults.
slowness() { if [[ $acceleration == kvm ]]; then echo 2; else echo 10; fi; }

# In percent, of the tests that start very many processes.
starts() { if [[ $acceleration == kvm ]]; then echo 100; else echo 10; fi; }

# The tests' patience comes first, so that --env can set another.
write_command() {
  local entry
  echo "cd $(quoted "$PWD") || exit 125"
  for entry in "MEMCAGE_TEST_GUEST=$acceleration" "MEMCAGE_TEST_SLOWNESS=$(slowness)" \
    "MEMCAGE_TEST_STARTS=$(starts)" "${variables[@]}"; do
    case $entry in
      *=*) echo "export ${entry%%=*}=$(quoted "${entry#*=}")" ;;
      *) [[ -z ${!entry+set} ]] || echo "export $entry=$(quoted "${!entry}")" ;;
    esac
  done
  printf exec
  printf ' %s' "$(quoted "${command[@]}")"
  echo
}

# As words of a POSIX shell.
quoted() {
  local word
  for word in "$@"; do
    printf "'%s' " "${word//\'/\'\\\'\'}"
  done
}
