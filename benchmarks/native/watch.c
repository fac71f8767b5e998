/* Many viewers of a console in one loop: what comes to each of them, and how soon.

       watch unix PATH | tcp HOST PORT  VIEWERS STUCK KIND SECONDS [UNTIL]  < head of the request

   The first STUCK viewers never read. KIND says what a message is: `text` (lines), `json` (console-v2: lines, their
   ends written as \\n) or `bytes` (console-v3: eight bytes of offset, then output); `text+`, `json+` and `bytes+`
   measure, too, how old each line `t NANOSECONDS ...` is.

   It says `ready` when all are let in, and counts from when it is given a line, which it says: what came before was the
   replay. It ends after so many seconds, with its standard input, or when each viewer that reads has had the word UNTIL
   since.
   Then it prints one JSON object:
   the seconds from the first output to the last, lines and bytes of the slowest viewer (`least`) and of the one in
   the middle, the bytes of all, and milliseconds. */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { ROOM = 1 << 18, MOST_LATENCIES = 4 << 20 };

struct viewer {
    int fd, admitted, over;
    int head;               /* bytes of the frame's head that have come */
    unsigned char frame[14];
    uint64_t rest;          /* bytes of the payload to come */
    int opcode, skip;       /* what to pass over at the beginning of a message */
    char tail[32];          /* the end of what came before, for what is searched across blocks */
    int kept;
    uint64_t lines, bytes;
    double last;
};

static char room[64 + ROOM];
static uint64_t *latencies;
static size_t measured;
static const char *until = "";
static char kind;
static int timed, counting;
static double first;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void die(const char *what) {
    fprintf(stderr, "watch: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int dial(char **where) {
    int fd, unix_socket = !strcmp(where[0], "unix");
    if (unix_socket) {
        struct sockaddr_un name = {.sun_family = AF_UNIX};
        snprintf(name.sun_path, sizeof name.sun_path, "%s", where[1]);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(fd, (struct sockaddr *)&name, sizeof name) < 0) die(where[1]);
    } else {
        struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(where[2]))};
        fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (inet_pton(AF_INET, where[1], &name.sin_addr) != 1) die(where[1]);
        if (connect(fd, (struct sockaddr *)&name, sizeof name) < 0) die(where[1]);
    }
    return fd;
}

/* Reads the answer, byte by byte so as to take none of what follows it. */
static void admit(int fd, const char *head, size_t size) {
    if (write(fd, head, size) != (ssize_t)size) die("the request could not be sent");
    char answer[8192];
    size_t came = 0;
    while (came < sizeof answer - 1 && read(fd, answer + came, 1) == 1) {
        answer[++came] = 0;
        if (came >= 4 && !memcmp(answer + came - 4, "\r\n\r\n", 4)) break;
    }
    answer[came] = 0;
    if (strncmp(answer, "HTTP/1.1 101", 12)) {
        fprintf(stderr, "watch: the viewer was not let in: %s\n", answer);
        exit(1);
    }
}

static void note_latency(const char *text, const char *end, int64_t at) {
    while ((text = memmem(text, end - text, "t ", 2)) && end - text >= 16) {
        int64_t then = strtoll(text + 2, NULL, 10);
        if (then > at - 60000000000LL && then <= at && measured < MOST_LATENCIES) latencies[measured++] = at - then;
        text += 2;
    }
}

static void take(struct viewer *one, char *text, size_t size) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    if (!first) first = t.tv_sec + t.tv_nsec / 1e9;
    one->last = t.tv_sec + t.tv_nsec / 1e9;
    one->bytes += size;
    if (kind == 'j') {
        for (char *p = text, *end = text + size; (p = memchr(p, '\\', end - p)); p += 2) {
            if (p + 1 >= end) break;
            one->lines += p[1] == 'n';
        }
    } else {
        for (char *p = text, *end = text + size; (p = memchr(p, '\n', end - p)); p++) one->lines++;
    }
    /* A word may be cut in two by the blocks: what came last is put before what comes next. */
    char *begin = text - one->kept;
    memcpy(begin, one->tail, one->kept);
    if (timed) note_latency(begin, text + size, (int64_t)t.tv_sec * 1000000000LL + t.tv_nsec);
    if (counting && *until && memmem(begin, text + size - begin, until, strlen(until))) one->over = 1;
    one->kept = size < 15 ? 0 : 15; /* less than a whole `t NANOSECONDS`, which would count twice */
    if (one->kept) memcpy(one->tail, text + size - one->kept, one->kept);
}

/* Takes a block of frames apart; payloads are taken where they lie. */
static void parse(struct viewer *one, char *block, size_t size) {
    while (size) {
        if (!one->rest) {
            one->frame[one->head++] = *block++;
            size--;
            int length = one->head > 1 ? one->frame[1] & 127 : 0;
            int whole = length == 126 ? 4 : length == 127 ? 10 : 2;
            if (one->head < whole) continue;
            one->rest = length;
            if (length >= 126) {
                one->rest = 0;
                for (int i = 2; i < whole; i++) one->rest = one->rest << 8 | one->frame[i];
            }
            one->opcode = one->frame[0] & 15;
            one->head = 0;
            one->skip = kind == 'b' ? 8 : 0;
            if (one->opcode == 8) one->over = 1;
            /* Messages of text end a line; in console-v3 only a newline does, and text is no output. */
            if (kind != 'b' && one->opcode == 1 && one->rest) one->lines++;
            continue;
        }
        size_t part = one->rest < size ? one->rest : size;
        size_t skipped = (size_t)one->skip < part ? (size_t)one->skip : part;
        one->skip -= skipped;
        if (one->opcode == (kind == 'b' ? 2 : 1) && part > skipped) take(one, block + skipped, part - skipped);
        one->rest -= part;
        block += part;
        size -= part;
    }
}

static int by_size(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

int main(int count, char **words) {
    char **where = words + 1, **how = where + (count > 1 && !strcmp(where[0], "unix") ? 2 : 3);
    if (how + 4 > words + count) return fprintf(stderr, "watch WHERE VIEWERS STUCK KIND SECONDS [UNTIL]\n"), 2;
    int viewers = atoi(how[0]), stuck = atoi(how[1]), readers = 0;
    kind = how[2][0];
    timed = strchr(how[2], '+') != NULL;
    double patience = atof(how[3]);
    if (how + 4 < words + count) until = how[4];
    char head[8192];
    size_t size = 0;
    while (size < 4 || memcmp(head + size - 4, "\r\n\r\n", 4))
        if (size == sizeof head || read(0, head + size++, 1) != 1) die("there is no head of a request");
    struct viewer *all = calloc(viewers, sizeof *all);
    latencies = malloc(MOST_LATENCIES * sizeof *latencies);
    int poll = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < viewers; i++) {
        all[i].fd = dial(where);
        admit(all[i].fd, head, size);
        if (i < stuck) continue;
        fcntl(all[i].fd, F_SETFL, O_NONBLOCK);
        epoll_ctl(poll, EPOLL_CTL_ADD, all[i].fd, &(struct epoll_event){EPOLLIN, {.ptr = &all[i]}});
        readers++;
    }
    epoll_ctl(poll, EPOLL_CTL_ADD, 0, &(struct epoll_event){EPOLLIN | EPOLLHUP, {.ptr = NULL}});
    printf("ready\n");
    fflush(stdout);
    double begin = now();
    for (int over = 0; !over;) {
        struct epoll_event events[64];
        int found = epoll_wait(poll, events, 64, 50);
        for (int i = 0; i < found; i++) {
            struct viewer *one = events[i].data.ptr;
            if (!one) {
                char order[64];
                ssize_t came = read(0, order, sizeof order);
                if (came <= 0) over = 1;
                else {
                    for (int j = 0; j < viewers; j++) all[j].lines = all[j].bytes = 0, all[j].kept = 0;
                    first = 0, measured = 0, counting = 1;
                    printf("counting\n");
                    fflush(stdout);
                }
                continue;
            }
            ssize_t came = read(one->fd, room + 64, ROOM);
            if (came > 0) parse(one, room + 64, came);
            else if (came == 0 || errno != EAGAIN) {
                epoll_ctl(poll, EPOLL_CTL_DEL, one->fd, NULL);
                one->over = 1;
            }
        }
        if (now() - begin > patience) over = 1;
        int done = 0;
        for (int i = stuck; i < viewers; i++) done += all[i].over;
        if (readers && done == readers) over = 1;
    }
    uint64_t *lines = malloc((readers + 1) * sizeof *lines), *bytes = malloc((readers + 1) * sizeof *bytes);
    double last = first;
    for (int i = 0; i < readers; i++) {
        lines[i] = all[stuck + i].lines;
        bytes[i] = all[stuck + i].bytes;
        if (all[stuck + i].last > last) last = all[stuck + i].last;
    }
    qsort(lines, readers, sizeof *lines, by_size);
    qsort(bytes, readers, sizeof *bytes, by_size);
    qsort(latencies, measured, sizeof *latencies, by_size);
    uint64_t total = 0;
    for (int i = 0; i < readers; i++) total += bytes[i];
    printf("{\"seconds\": %.6f, \"total\": %llu", last - first, (unsigned long long)total);
    if (readers)
        printf(", \"least lines\": %llu, \"lines\": %llu, \"least bytes\": %llu, \"bytes\": %llu",
               (unsigned long long)lines[0], (unsigned long long)lines[readers / 2],
               (unsigned long long)bytes[0], (unsigned long long)bytes[readers / 2]);
    if (measured)
        printf(", \"timed\": %zu, \"p50\": %.6f, \"p99\": %.6f, \"worst\": %.6f", measured,
               (double)latencies[measured / 2] / 1e6, (double)latencies[measured * 99 / 100] / 1e6,
               (double)latencies[measured - 1] / 1e6);
    printf("}\n");
    return 0;
}
