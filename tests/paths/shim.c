/* Between a process and its files: the n-th call that touches a folder fails, kills, or is the last that succeeds.
 *
 * Loaded with LD_PRELOAD; SHIM_FOLDER names the folder. shim_arm(n, action, number) sets the trap: action 1 fails
 * with an errno, 2 fails all writes from there on that make a file longer (a full disk), 3 kills before the call,
 * 4 after it, 5 fails all of them from there on (a disk that has turned read-only).
 * shim_count() returns how many calls there were, shim_grew(n) which of them made a file longer for the n-th time.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST = 1024 };
static int armed_at, action, number, count, grown[MOST], times;

void shim_arm(int at, int what, int error) { armed_at = at; action = what; number = error; count = times = 0; }
int shim_count(void) { return count; }
int shim_grew(int n) { return n < times ? grown[n] : 0; }

static int is_ours(const char *path) {
    const char *folder = getenv("SHIM_FOLDER");
    char whole[4096];
    if (!folder || !path) return 0;
    if (path[0] == '/') return strncmp(path, folder, strlen(folder)) == 0;
    return getcwd(whole, sizeof whole) && strncmp(whole, folder, strlen(folder)) == 0;
}

static int is_ours_open(int fd) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, sizeof path - 1);
    if (size < 0) return 0;
    path[size] = 0;
    return is_ours(path);
}

static int is_ours_at(int folder, const char *path) {
    return path && (path[0] == '/' || folder == AT_FDCWD) ? is_ours(path) : is_ours_open(folder);
}

static int grows(int fd, off_t at, size_t size) {
    struct stat found;
    return fstat(fd, &found) == 0 && at + (off_t)size > found.st_size;
}

static int fails(int longer) {
    count++;
    if (longer && times < MOST) grown[times++] = count;
    if (!armed_at || count < armed_at) return 0;
    if (action == 2 && longer) return 1;
    if (action == 5) return 1;
    if (count != armed_at) return 0;
    if (action == 3) kill(getpid(), SIGKILL);
    return action == 1;
}

static void after(void) {
    if (action == 4 && count == armed_at) kill(getpid(), SIGKILL);
}

#define REAL(name) static __typeof__(name) *real; if (!real) real = dlsym(RTLD_NEXT, #name)
#define CALL(ours, longer, ...) \
    int mine = (ours); \
    if (mine && fails(longer)) { errno = number; return -1; } \
    __typeof__(real(__VA_ARGS__)) result = real(__VA_ARGS__); \
    if (mine) { int saved = errno; after(); errno = saved; } \
    return result

ssize_t write(int fd, const void *data, size_t size) {
    REAL(write); CALL(is_ours_open(fd), grows(fd, lseek(fd, 0, SEEK_CUR), size), fd, data, size);
}
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
    REAL(pwrite64); CALL(is_ours_open(fd), grows(fd, at, size), fd, data, size, at);
}
int fsync(int fd) { REAL(fsync); CALL(is_ours_open(fd), 0, fd); }
int fdatasync(int fd) { REAL(fdatasync); CALL(is_ours_open(fd), 0, fd); }
int ftruncate64(int fd, off64_t size) { REAL(ftruncate64); CALL(is_ours_open(fd), 0, fd, size); }
int fchmod(int fd, mode_t mode) { REAL(fchmod); CALL(is_ours_open(fd), 0, fd, mode); }
int flock(int fd, int how) { REAL(flock); CALL(is_ours_open(fd), 0, fd, how); }
int rename(const char *from, const char *to) { REAL(rename); CALL(is_ours(to), 0, from, to); }
int unlink(const char *path) { REAL(unlink); CALL(is_ours(path), 0, path); }
int mkdir(const char *path, mode_t mode) { REAL(mkdir); CALL(is_ours(path), 0, path, mode); }
int renameat(int from, const char *old, int to, const char *new) {
    REAL(renameat); CALL(is_ours_at(to, new), 0, from, old, to, new);
}
int unlinkat(int folder, const char *path, int flags) {
    REAL(unlinkat); CALL(is_ours_at(folder, path), 0, folder, path, flags);
}
int mkdirat(int folder, const char *path, mode_t mode) {
    REAL(mkdirat); CALL(is_ours_at(folder, path), 0, folder, path, mode);
}
int openat64(int folder, const char *path, int flags, ...) {
    va_list words; va_start(words, flags); mode_t mode = va_arg(words, mode_t); va_end(words);
    REAL(openat64);
    CALL(flags & (O_CREAT | O_WRONLY | O_RDWR) ? is_ours_at(folder, path) : 0, 0, folder, path, flags, mode);
}
int open64(const char *path, int flags, ...) {
    va_list words; va_start(words, flags); mode_t mode = va_arg(words, mode_t); va_end(words);
    REAL(open64); CALL(flags & (O_CREAT | O_WRONLY | O_RDWR) ? is_ours(path) : 0, 0, path, flags, mode);
}
