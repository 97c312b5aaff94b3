/// What the C library offers only under feature macros that Swift's module of it leaves out.
#ifndef SERVE_FILE_SYSTEM_H
#define SERVE_FILE_SYSTEM_H
/// Swaps two paths of one file system in one step (renameat2 with RENAME_EXCHANGE). Returns 0, or -1 with errno.
int serve_exchange_paths(const char *a, const char *b);
#endif
