/* Asks one request again and again over N kept connections, and tells how long the answers took.

       load tcp HOST PORT | unix PATH   CONNECTIONS SECONDS STATUS < request

   One request is on its way on each connection. Prints one line of JSON: times in seconds, `errors` are answers
   with another status than STATUS, and connections that broke. */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define ROOM (1 << 20)
/* Latencies lie in steps of 1/64 of a power of two, so a percentile is right to within 1.6 %. */
#define STEPS 64
#define BUCKETS (40 * STEPS)

struct connection {
    int descriptor;
    size_t got;
    uint64_t asked;
    char *room;
};

static char request[1 << 16];
static size_t request_length;
static uint64_t buckets[BUCKETS];
static uint64_t answers, errors, received, worst;
static struct sockaddr_storage address;
static socklen_t address_length;
static char status[8];

static uint64_t now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (uint64_t)at.tv_sec * 1000000000 + (uint64_t)at.tv_nsec;
}

static size_t bucket_of(uint64_t time) {
    if (time < STEPS) return (size_t)time;
    int power = 63 - __builtin_clzll(time);
    size_t step = (size_t)(time >> (power - 6)) & (STEPS - 1);
    size_t bucket = (size_t)(power - 5) * STEPS + step;
    return bucket < BUCKETS ? bucket : BUCKETS - 1;
}

static double time_of(size_t bucket) {
    if (bucket < STEPS) return (double)bucket / 1e9;
    return (double)((STEPS + bucket % STEPS) << (bucket / STEPS - 1)) / 1e9;
}

static double percentile(double share) {
    uint64_t wanted = (uint64_t)((double)answers * share), seen = 0;
    for (size_t bucket = 0; bucket < BUCKETS; bucket++)
        if ((seen += buckets[bucket]) > wanted) return time_of(bucket);
    return (double)worst / 1e9;
}

static int ask(struct connection *one) {
    one->got = 0;
    one->asked = now();
    return send(one->descriptor, request, request_length, MSG_NOSIGNAL) == (ssize_t)request_length ? 0 : -1;
}

static int begin(struct connection *one, int loop) {
    int yes = 1;
    one->descriptor = socket(address.ss_family, SOCK_STREAM, 0);
    if (one->descriptor < 0 || connect(one->descriptor, (struct sockaddr *)&address, address_length)) return -1;
    if (address.ss_family == AF_INET) setsockopt(one->descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    fcntl(one->descriptor, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = one};
    return epoll_ctl(loop, EPOLL_CTL_ADD, one->descriptor, &event);
}

/* Returns whether the answer is whole: by its length, or by its last chunk. */
static int whole(struct connection *one) {
    char *end = memmem(one->room, one->got, "\r\n\r\n", 4), *line;
    if (!end) return 0;
    size_t head = (size_t)(end - one->room) + 4;
    *end = 0;
    int chunked = strcasestr(one->room, "\r\ntransfer-encoding: chunked") != NULL;
    size_t length = (line = strcasestr(one->room, "\r\ncontent-length:")) ? strtoul(line + 17, NULL, 10) : 0;
    *end = '\r';
    if (chunked) return one->got >= head + 5 && !memcmp(one->room + one->got - 5, "0\r\n\r\n", 5);
    return one->got >= head + length;
}

static void broken(struct connection *one, int loop) {
    errors++;
    close(one->descriptor);
    if (begin(one, loop) || ask(one)) {
        fprintf(stderr, "load: nobody answers any more\n");
        exit(1);
    }
}

static void hear(struct connection *one, int loop) {
    ssize_t length = read(one->descriptor, one->room + one->got, ROOM - 1 - one->got);
    if (length < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (length <= 0) {
        broken(one, loop);
        return;
    }
    one->got += (size_t)length;
    one->room[one->got] = 0;
    if (!whole(one)) {
        if (one->got >= ROOM - 1) broken(one, loop);
        return;
    }
    uint64_t took = now() - one->asked;
    buckets[bucket_of(took)]++;
    if (took > worst) worst = took;
    answers++;
    received += one->got;
    if (one->got < 12 || memcmp(one->room + 9, status, 3)) errors++;
    if (ask(one)) broken(one, loop);
}

int main(int count, char **words) {
    int tcp = count > 1 && !strcmp(words[1], "tcp"), rest = tcp ? 4 : 3;
    if (count != rest + 3) return 2;
    if (tcp) {
        struct sockaddr_in *at = (void *)&address;
        at->sin_family = AF_INET;
        at->sin_port = htons((uint16_t)atoi(words[3]));
        if (inet_pton(AF_INET, words[2], &at->sin_addr) != 1) return 2;
        address_length = sizeof *at;
    } else {
        struct sockaddr_un *at = (void *)&address;
        at->sun_family = AF_UNIX;
        strncpy(at->sun_path, words[2], sizeof at->sun_path - 1);
        address_length = sizeof *at;
    }
    int connections = atoi(words[rest]), loop = epoll_create1(0);
    double seconds = atof(words[rest + 1]);
    strncpy(status, words[rest + 2], 3);
    request_length = fread(request, 1, sizeof request, stdin);
    struct connection *all = calloc((size_t)connections, sizeof *all);
    for (int at = 0; at < connections; at++) {
        all[at].room = malloc(ROOM);
        if (!all[at].room || begin(&all[at], loop)) {
            perror("load: cannot connect");
            return 1;
        }
    }
    uint64_t begun = now(), until = begun + (uint64_t)(seconds * 1e9), at = begun;
    for (int one = 0; one < connections; one++)
        if (ask(&all[one])) return 1;
    struct epoll_event events[128];
    while ((at = now()) < until) {
        int ready = epoll_wait(loop, events, 128, 100);
        for (int one = 0; one < ready; one++) hear(events[one].data.ptr, loop);
    }
    double lasted = (double)(at - begun) / 1e9;
    printf("{\"answers\": %llu, \"errors\": %llu, \"bytes\": %llu, \"seconds\": %.6f, \"p50\": %.9f, \"p90\": %.9f, "
           "\"p99\": %.9f, \"worst\": %.9f}\n",
           (unsigned long long)answers, (unsigned long long)errors, (unsigned long long)received, lasted,
           percentile(0.5), percentile(0.9), percentile(0.99), (double)worst / 1e9);
    return answers ? 0 : 1;
}
