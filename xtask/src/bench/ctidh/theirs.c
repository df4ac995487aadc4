/* Times single operations of a highctidh library on request, as our stopwatch does for ours.
 *
 * theirs <library> <bits>; each line on standard input is "<operation> <times>", the answer a line
 * with the nanoseconds of processor time that one of them took. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef void two(void *, const void *);
typedef void three(void *, const void *, const void *);

static void *library;
static const char *bits;

static void *find(const char *format) {
    char name[64];
    snprintf(name, sizeof name, format, bits);
    return dlsym(library, name);
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return 1e9 * (double)t.tv_sec + (double)t.tv_nsec;
}

int main(int count, char **words) {
    if (count != 3 || !(library = dlopen(words[1], RTLD_NOW))) {
        fprintf(stderr, "%s\n", count == 3 ? dlerror() : "theirs <library> <bits>");
        return 2;
    }
    bits = words[2];
    three *mul = (three *)find("highctidh_%s_fp_mul3");
    if (!mul)
        mul = (three *)find("fiat_p%s_mul"); /* a macro there */
    two *sqr = (two *)find("highctidh_%s_fp_sq2");
    three *add = (three *)find("highctidh_%s_fp_add3");
    three *sub = (three *)find("highctidh_%s_fp_sub3");
    three *action = (three *)find("highctidh_%s_action");
    _Bool (*validate)(const void *) = (_Bool(*)(const void *))find("highctidh_%s_validate");
    void (*keygen)(void *) = (void (*)(void *))find("highctidh_%s_csidh_private");
    const void *base = find("highctidh_%s_base"), *start = find("highctidh_%s_fp_2");
    if (!mul || !sqr || !add || !sub || !action || !validate || !keygen || !base || !start) {
        fprintf(stderr, "not a highctidh library of %s bits\n", bits);
        return 2;
    }

    char operation[16], a[256], b[256], secret[256];
    long times;
    memset(a, 0, sizeof a);
    memcpy(a, start, (size_t)((atoi(bits) + 63) / 64 * 8));
    memcpy(b, a, sizeof b);
    while (scanf("%15s %ld", operation, &times) == 2) {
#define IS(name) (!strcmp(operation, name))
#define TIME(call)                                                                                 \
    do {                                                                                           \
        double from = now();                                                                       \
        for (long i = 0; i < times; i++)                                                           \
            call;                                                                                  \
        printf("%f\n", (now() - from) / (double)times);                                            \
        fflush(stdout);                                                                            \
    } while (0)
        if (IS("mul"))
            TIME(mul(a, a, b));
        else if (IS("sqr"))
            TIME(sqr(a, a));
        else if (IS("add"))
            TIME(add(a, a, b));
        else if (IS("sub"))
            TIME(sub(a, a, b));
        else if (IS("keygen"))
            TIME(keygen(secret));
        else if (IS("action")) {
            char end[256];
            keygen(secret);
            TIME(action(end, base, secret));
        } else if (IS("validate")) {
            char end[256];
            keygen(secret);
            action(end, base, secret);
            _Bool valid = 1;
            TIME(valid &= validate(end));
            if (!valid)
                return 3;
        } else
            return 2;
    }
    return 0;
}
