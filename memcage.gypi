{
  'target_defaults': {
    'cflags!': ['-Wno-unused-parameter'],
    'cflags_cc!': ['-std=gnu++17', '-std=gnu++20'],
    'cflags_cc': ['-std=c++20', '-fno-exceptions', '-fno-rtti', '-Wall', '-Wextra', '-Wshadow', '-Werror'],
    # Not include_dirs, which would put native/sys before the system's <sys/*.h>.
    'cflags': ['-iquote', '<(module_root_dir)/native'],
  },
  'conditions': [
    ['OS=="linux"', {
      'targets': [{
        'target_name': 'memcage',
        'sources': [
          "<!@(node -p \"require('node:fs').readdirSync('native', { recursive: true }).filter((f) => f.endsWith('.cc') && !f.startsWith('launcher/')).map((f) => 'native/' + f).join(' ')\")",
        ],
        'defines': [
          'NAPI_VERSION=8',
          'NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS',
          # In a worker that is being terminated nothing can be thrown; without this that aborts the process.
          'NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS',
        ],
        'cflags_cc': [
          '-fvisibility=hidden',
          # Not include_dirs: a system header's warnings are not ours.
          '-isystem',
          "<!(node -p \"require('node:path').dirname(require.resolve('node-addon-api'))\")",
        ],
        # dlopen(3) was a library of its own before glibc 2.34.
        'libraries': ['-ldl'],
        # The prebuilt binary must not depend on the C++ runtime of the machine that it was built on.
        'ldflags': ['-static-libstdc++', '-static-libgcc', '-Wl,--exclude-libs,ALL', '-Wl,--gc-sections', '-Wl,-z,relro,-z,now'],
      }, {
        'target_name': 'memcage_exec',
        'product_name': 'memcage-exec',
        'type': 'executable',
        'sources': [
          "<!@(node -p \"require('node:fs').readdirSync('native/launcher').filter((f) => f.endsWith('.cc')).map((f) => 'native/launcher/' + f).join(' ')\")",
          # What it shares with the addon allocates nothing.
          'native/cgroup/kill.cc',
          'native/cgroup/members.cc',
          'native/cgroup/regain.cc',
          'native/cgroup/walk.cc',
          'native/clone/child.cc',
        ],
        'cflags!': ['-O3', '-fPIC', '-pthread'],
        'cflags': ['-Os', '-ffunction-sections', '-fdata-sections'],
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
