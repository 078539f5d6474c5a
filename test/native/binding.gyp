{
  'target_defaults': {
    'defines': ['NAPI_VERSION=8', 'NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS'],
    'cflags!': ['-Wno-unused-parameter'],
    'cflags_cc!': ['-std=gnu++17', '-std=gnu++20'],
    'cflags_cc': [
      '-std=c++20',
      '-Wall',
      '-Wextra',
      '-Wshadow',
      # As in memcage.gypi.
      "<!@(node -p \"process.env.MEMCAGE_WERROR ? '-Werror' : ''\")",
      '-iquote',
      '../../../native',
      '-isystem',
      "<!(node -p \"require('node:path').dirname(require.resolve('node-addon-api'))\")",
    ],
  },
  'conditions': [
    ['OS=="linux"', {
      'targets': [
        {'target_name': 'faults', 'sources': ['faults.cc']},
        {
          'target_name': 'overseer',
          'type': 'executable',
          'sources': [
            '../overseer/calls.cc',
            '../overseer/holds.cc',
            '../overseer/loop_fds.cc',
            '../overseer/main.cc',
            '../overseer/overseer.cc',
            '../overseer/proc.cc',
            '../overseer/program.cc',
            '../overseer/rules.cc',
            '../overseer/tasks.cc',
          ],
        },
        {'target_name': 'stall_rule', 'sources': ['stall_rule.cc', '../../native/watch/stall_rule.cc']},
      ],
    }, {
      'targets': [{
        'target_name': 'faults',
        'type': 'none',
      }],
    }],
  ],
}
