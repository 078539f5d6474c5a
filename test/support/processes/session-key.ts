const [KEYCTL, ADD_KEY] = process.arch === 'arm64' ? [219, 217] : [250, 248];

// keyctl(2): KEYCTL_JOIN_SESSION_KEYRING is 1, KEYCTL_SEARCH 10, KEYCTL_READ 11; KEY_SPEC_SESSION_KEYRING is -3.
const ADD = `
  my ($type, $name, $text) = ("user", "memcage-test", "secret");
  syscall(${KEYCTL}, 1, 0) > 0 && syscall(${ADD_KEY}, $type, $name, $text, 6, -3);
  exec @ARGV`;

/** A command that executes the words after its own with a key in a session keyring of its own, where there are keys. */
export const WITH_KEY = ['perl', '-e', ADD];

const ADD_MANY = `
  my ($type, $text) = ("user", "x");
  syscall(${KEYCTL}, 1, 0) > 0 or die "no keyring: $!";
  for my $name (map { "memcage-test-$_" } 1 .. 10_000) { syscall(${ADD_KEY}, $type, $name, $text, 1, -3) > 0 or last }
  exec @ARGV`;

/** The same with as many keys as its user may have. */
export const WITH_MANY_KEYS = ['perl', '-e', ADD_MANY];

/** A program that prints the key, if it may read it. */
export const READ_KEY = [
  'perl',
  '-e',
  `my ($type, $name, $text) = ("user", "memcage-test", "......");
   my $key = syscall(${KEYCTL}, 10, -3, $type, $name, 0);
   print $key > 0 && syscall(${KEYCTL}, 11, $key, $text, 6) == 6 ? $text : "no key"`,
] as const;
