/* Lets the k-th call of fsync or fdatasync fail with an input/output error, and all later ones if asked.
   At the end the number of calls is written to the file that COUNT_FSYNC names.
   Built by tests/test_faults.py and put in front of the C library by LD_PRELOAD. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static int calls;

static int fails(void) {
    const char *first = getenv("FAIL_FSYNC");
    const char *forever = getenv("FAIL_FSYNC_FOREVER");
    int number = __sync_add_and_fetch(&calls, 1);
    if (first == NULL) return 0;
    return forever != NULL ? number >= atoi(first) : number == atoi(first);
}

__attribute__((destructor)) static void report(void) {
    const char *name = getenv("COUNT_FSYNC");
    FILE *file = name == NULL ? NULL : fopen(name, "w");
    if (file == NULL) return;
    fprintf(file, "%d", calls);
    fclose(file);
}

int fsync(int descriptor) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    if (fails()) { errno = EIO; return -1; }
    return real(descriptor);
}

int fdatasync(int descriptor) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    if (fails()) { errno = EIO; return -1; }
    return real(descriptor);
}
