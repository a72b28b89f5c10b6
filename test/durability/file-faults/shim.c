/*
 * Makes one file call of a process fail. Preloaded (LD_PRELOAD), it counts the calls on files below the folder FAULT_ROOT.
 * Opening the path "/file-faults/arm/N/ERRNO/MODE" arms it: the N-th call from then on fails with ERRNO. MODE is "once", or
 * "ever" for all calls from the N-th on. ERRNO "short" writes half of the bytes instead. "/file-faults/disarm" ends it and
 * writes to the file FAULT_REPORT how many calls were counted, how many failed, and which was the first.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define FILES 65536
static _Atomic char watched[FILES];
static _Atomic long count, failed, nth;
static _Atomic int armed, code, ever, shortened;
static char first[64];
static char root[4096];
static size_t root_length;

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void) {
  const char *folder = getenv("FAULT_ROOT");
  if (folder != NULL) strncpy(root, folder, sizeof root - 1);
  root_length = strlen(root);
}

static int below(const char *path) {
  return root_length > 0 && strncmp(path, root, root_length) == 0;
}

/* Whether this call is to fail: then errno is set. Short writes are no failure, and are left to the caller. */
static int fails(const char *call, int can_be_short) {
  if (!armed) return 0;
  if (shortened && !can_be_short) return 0;
  long number = ++count;
  if (number < nth || (number > nth && !ever)) return 0;
  if (failed++ == 0) snprintf(first, sizeof first, "%s", call);
  if (shortened) return 1;
  errno = code;
  return 1;
}

static int number_of(const char *name) {
  if (strcmp(name, "EIO") == 0) return EIO;
  if (strcmp(name, "ENOSPC") == 0) return ENOSPC;
  if (strcmp(name, "EINTR") == 0) return EINTR;
  if (strcmp(name, "EROFS") == 0) return EROFS;
  return EMFILE;
}

static void disarm(void) {
  armed = 0;
  const char *report = getenv("FAULT_REPORT");
  if (report == NULL) return;
  FILE *file = fopen(report, "w");
  if (file == NULL) return;
  fprintf(file, "%ld %ld %s\n", (long)count, (long)failed, first);
  fclose(file);
}

/* Whether the path is an order to this shim. */
static int ordered(const char *path) {
  char error[16], mode[16];
  long number;
  if (strcmp(path, "/file-faults/disarm") == 0) {
    disarm();
    return 1;
  }
  if (sscanf(path, "/file-faults/arm/%ld/%15[A-Za-z]/%15s", &number, error, mode) != 3) return 0;
  count = failed = 0;
  first[0] = 0;
  nth = number;
  shortened = strcmp(error, "short") == 0;
  code = number_of(error);
  ever = strcmp(mode, "ever") == 0;
  armed = 1;
  return 1;
}

#define OPEN(name)                                                                        \
  int name(const char *path, int flags, ...) {                                            \
    mode_t mode = 0;                                                                      \
    if (flags & (O_CREAT | __O_TMPFILE)) {                                                \
      va_list list;                                                                       \
      va_start(list, flags);                                                              \
      mode = va_arg(list, mode_t);                                                        \
      va_end(list);                                                                       \
    }                                                                                     \
    if (ordered(path)) {                                                                  \
      errno = ENOENT;                                                                     \
      return -1;                                                                          \
    }                                                                                     \
    int ours = below(path);                                                               \
    if (ours && fails("open", 0)) return -1;                                              \
    int file = NEXT(name)(path, flags, mode);                                             \
    if (file >= 0 && file < FILES) watched[file] = ours;                                  \
    return file;                                                                          \
  }
OPEN(open)
OPEN(open64)

int close(int file) {
  if (file >= 0 && file < FILES) watched[file] = 0;
  return NEXT(close)(file);
}

#define WATCHED(file) ((file) >= 0 && (file) < FILES && watched[file])
#define HALF(bytes) (shortened ? ((bytes) + 1) / 2 : (bytes))

#define FAIL_OR_SHORTEN(call, file, bytes)                                                \
  if (WATCHED(file) && fails(call, 1)) {                                                  \
    if (!shortened) return -1;                                                            \
    bytes = HALF(bytes);                                                                  \
  }

ssize_t write(int file, const void *from, size_t bytes) {
  FAIL_OR_SHORTEN("write", file, bytes)
  return NEXT(write)(file, from, bytes);
}
ssize_t pwrite(int file, const void *from, size_t bytes, off_t at) {
  FAIL_OR_SHORTEN("pwrite", file, bytes)
  return NEXT(pwrite)(file, from, bytes, at);
}
ssize_t pwrite64(int file, const void *from, size_t bytes, off64_t at) {
  FAIL_OR_SHORTEN("pwrite", file, bytes)
  return NEXT(pwrite64)(file, from, bytes, at);
}
ssize_t writev(int file, const struct iovec *parts, int count) {
  size_t halves = 2;
  FAIL_OR_SHORTEN("writev", file, halves)
  if (halves == 2) return NEXT(writev)(file, parts, count);
  if (count > 1) return NEXT(writev)(file, parts, count / 2);
  return NEXT(write)(file, parts[0].iov_base, HALF(parts[0].iov_len));
}

#define READS(name, offset)                                                               \
  ssize_t name(int file, void *to, size_t bytes, offset at) {                             \
    if (WATCHED(file) && fails("pread", 0)) return -1;                                    \
    return NEXT(name)(file, to, bytes, at);                                               \
  }
READS(pread, off_t)
READS(pread64, off64_t)

ssize_t read(int file, void *to, size_t bytes) {
  if (WATCHED(file) && fails("read", 0)) return -1;
  return NEXT(read)(file, to, bytes);
}

#define ON_FILE(name)                                                                     \
  int name(int file) {                                                                    \
    if (WATCHED(file) && fails(#name, 0)) return -1;                                      \
    return NEXT(name)(file);                                                              \
  }
ON_FILE(fsync)
ON_FILE(fdatasync)

int ftruncate(int file, off_t size) {
  if (WATCHED(file) && fails("ftruncate", 0)) return -1;
  return NEXT(ftruncate)(file, size);
}
int ftruncate64(int file, off64_t size) {
  if (WATCHED(file) && fails("ftruncate", 0)) return -1;
  return NEXT(ftruncate64)(file, size);
}

#define ON_PATH(name)                                                                     \
  int name(const char *path) {                                                            \
    if (below(path) && fails(#name, 0)) return -1;                                        \
    return NEXT(name)(path);                                                              \
  }
ON_PATH(unlink)
ON_PATH(rmdir)

#define ON_TWO_PATHS(name)                                                                \
  int name(const char *from, const char *to) {                                            \
    if (below(to) && fails(#name, 0)) return -1;                                          \
    return NEXT(name)(from, to);                                                          \
  }
ON_TWO_PATHS(link)
ON_TWO_PATHS(rename)

int mkdir(const char *path, mode_t mode) {
  if (below(path) && fails("mkdir", 0)) return -1;
  return NEXT(mkdir)(path, mode);
}
