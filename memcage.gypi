{
  'variables': {
    # Of the addon and the launcher.
    'shared': [
      'cgroup/kill.cc',
      'cgroup/members.cc',
      'cgroup/regain.cc',
      'cgroup/walk.cc',
      'clone/child.cc',
      'clone/child_fds.cc',
      'clone/child_settings.cc',
      'clone/clone_call.cc',
      'clone/close_fds.cc',
      'clone/pids_limit.cc',
      'clone/privileges.cc',
      'clone/root.cc',
      'clone/root_dev.cc',
      'clone/root_mounts.cc',
      'clone/root_proc.cc',
      'guardian/notes.cc',
    ],
    # Only the gate asks for it: a warning of a compiler that we don't know must not end anyone's build.
    'werror': ["<!@(node -p \"process.env.MEMCAGE_WERROR ? '-Werror' : ''\")"],
  },
  'target_defaults': {
    'cflags_cc!': ['-std=gnu++17', '-std=gnu++20'],
    'cflags_cc': ['-std=c++20', '-fno-exceptions', '-fno-rtti', '-Wall', '-Wextra', '-Wshadow', '<@(werror)'],
    'cflags!': ['-Wno-unused-parameter', '-O3'],
    # Paths in flags are relative to build/, where make runs: it would break a path with a blank in two.
    #
    # -Os: with -O3 the addon is nearly twice as large, and starts nothing sooner. -iquote and not include_dirs, which
    # would put native/sys before the system's <sys/*.h>.
    #
    # Tables to unwind by are an eighth of the addon, and nothing throws.
    'cflags': [
      '-Os',
      '-ffunction-sections',
      '-fdata-sections',
      '-fno-asynchronous-unwind-tables',
      '-fno-unwind-tables',
      '-iquote',
      '../native',
    ],
    'conditions': [
      # There they change nothing but the names of functions, to some that musl lacks, such as fcntl64.
      ['target_arch in "x64 arm64"', {'defines!': ['_FILE_OFFSET_BITS=64', '_LARGEFILE_SOURCE']}],
      # Out of line, atomics are functions of libgcc that call __getauxval, which musl lacks.
      ['target_arch == "arm64"', {'cflags': ['-mno-outline-atomics']}],
    ],
  },
  'conditions': [
    ['OS=="linux"', {
      'targets': [{
        'target_name': 'memcage',
        'sources': [
          '<!@(node native/units.mjs memcage binding cgroup clone guardian starter sys systemd watch)',
        ],
        'defines': [
          'NAPI_VERSION=8',
          'NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS',
          # In a worker that is being terminated nothing can be thrown; without this that aborts the process.
          'NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS',
        ],
        'cflags_cc': [
          '-include',
          '../native/sys/old_symbols.h',
          '-fvisibility=hidden',
          # Not include_dirs: a system header's warnings are not ours.
          '-isystem',
          "<!(node -p \"require('node:path').relative('build', require('node:path').dirname(require.resolve('node-addon-api')))\")",
        ],
        # dlopen(3) was a library of its own before glibc 2.34.
        'libraries': ['-ldl'],
        # One binary has to load everywhere: scripts/check-binary.mjs says what it may need.
        'ldflags': [
          '-static-libstdc++',
          '-static-libgcc',
          '-Wl,--version-script=../native/exports.map',
          '-Wl,--gc-sections',
          '-Wl,-z,relro,-z,now',
        ],
      }, {
        'target_name': 'memcage_exec',
        'product_name': 'memcage-exec',
        'type': 'executable',
        'sources': [
          # What it shares with the addon allocates nothing.
          '<!@(node native/units.mjs memcage-exec launcher <(shared))',
        ],
        'cflags!': ['-fPIC', '-pthread'],
        # It has to run wherever the addon is loaded, whatever C library that machine has.
        'ldflags!': ['-rdynamic', '-pthread'],
        'ldflags': ['-static', '-Wl,--gc-sections', '-Wl,-z,relro,-z,now', '-s'],
      }],
    }, {
      'targets': [{
        'target_name': 'memcage',
        'type': 'none',
      }],
    }],
  ],
}
