#pragma once

#include <sys/types.h>

#include "guardian/note.h"
#include "sys/unique_fd.h"

namespace memcage::guardian {

/** The file of notes: `ends`, and the one before it, `ends-before`, each with a bounded number of records. */
class Notes {
 public:
  /** Where the files are. It refuses a directory that others could write to. */
  void Use(UniqueFd directory);
  [[nodiscard]] bool valid() const { return directory_.valid(); }
  /** Writes a record. A failure is ignored: the cages are more important. */
  void Append(const Note& note);

 private:
  UniqueFd Open();

  UniqueFd directory_;
  char boot_[sizeof(Note::boot)] = {};
  uint32_t pids_ = 0;
};

/** A note of now, of which nothing else is known. */
Note NoteOfNow(Ended what, pid_t pid);

/** Copies the first line of a text, as much of it as there is room for. What is left of the room stays as it is. */
void CopyLine(const char* text, char* to, size_t size);

}  // namespace memcage::guardian
