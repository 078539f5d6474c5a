{
  'conditions': [
    ['OS=="linux"', {
      'targets': [{
        'target_name': 'faults',
        'sources': ['faults.cc'],
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
          '-isystem',
          "<!(node -p \"require('node:path').dirname(require.resolve('node-addon-api'))\")",
        ],
      }],
    }, {
      'targets': [{
        'target_name': 'faults',
        'type': 'none',
      }],
    }],
  ],
}
