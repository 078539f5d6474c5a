# The published package has no binding.gyp: pnpm and Yarn take one for an install script, "gypfile": false or not.
# There scripts/build-native.mjs makes one of these lines.
{ 'includes': ['memcage.gypi'] }
