# Given to node-gyp beside binding.gyp by build.mjs, with the variables `kind` and `place`.
{
  'target_defaults': {
    'cflags!': ['-Os'],
    'cflags': ['-O1', '-g1'],
    'target_conditions': [
      ['kind=="address"', {
        # A vfork child would take frames of the thread's second stack, and never give them back.
        'cflags': [
          '-fsanitize=address,undefined',
          '-fno-omit-frame-pointer',
          '-fsanitize-address-use-after-return=never',
          '-fsanitize-ignorelist=<(place)/checkout/test/sanitize/not-instrumented.txt',
        ],
        'ldflags': ['-fsanitize=address,undefined'],
      }],
      # The launcher has one thread.
      ['kind=="thread" and _type!="executable"', {
        'cflags': ['-fsanitize=thread', '-fno-omit-frame-pointer'],
        'ldflags': ['-fsanitize=thread'],
      }],
      ['_target_name=="memcage"', {
        'sources': ['planted.cc'],
        'defines': ['MEMCAGE_PLACE="<(place)"', 'MEMCAGE_PLANTED_IN="addon"'],
      }],
      ['_target_name=="memcage_exec"', {
        'sources': ['defaults.cc', 'planted.cc'],
        'defines': ['MEMCAGE_PLACE="<(place)"', 'MEMCAGE_PLANTED_IN="launcher"'],
      }],
      # No sanitizer can be part of a static program.
      ['kind=="address" and _type=="executable"', {
        'ldflags!': ['-static', '-s'],
        'ldflags': ['-pthread', '-static-libstdc++', '-static-libgcc'],
      }],
    ],
  },
}
