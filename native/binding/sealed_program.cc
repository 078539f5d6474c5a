#include "binding/sealed_program.h"

#include <fcntl.h>

#include <cerrno>

#include "sys/raw_call.h"
#include "sys/sealed_copy.h"

namespace memcage {

int SealedProgram::Get(const std::string& file) {
  if (is_refused_ || (fd_.valid() && file == file_)) return fd_.get();
  const UniqueFd from(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!from.valid()) return -1;
  const sys::Result copy = sys::SealedCopy(from.get(), "memcage-exec", sys::kSealExec);
  is_refused_ = copy == -EINVAL || copy == -EPERM || copy == -ENOSYS;
  fd_ = UniqueFd(copy);
  file_ = file;
  return copy < 0 ? -1 : fd_.get();
}

}  // namespace memcage
